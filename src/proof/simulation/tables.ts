import type { CountedBatch, Position } from '../../pipeline/aggregate/counting.ts';
import { EPOCH_MS } from './virtual-time.ts';

/** An event as far as delivery and counting look at it. */
export interface SimulatedEvent {
  readonly id: string;
  readonly subject: number;
  /** 0, 1, 2 as view, true view, click. */
  readonly type: number;
  readonly actor: number;
  readonly quarter: number;
  readonly valid: boolean;
  /** The log refuses it for its data. */
  readonly unstorable: boolean;
  /** How often counting it fails for its data: Infinity where it can never be counted. */
  readonly failures: number;
}

export interface LogRow {
  readonly seq: number;
  readonly event: SimulatedEvent;
}

export interface LaneTable {
  readonly createdAt: number;
  /** Committed, by `seq`. */
  readonly rows: LogRow[];
}

/** What was counted or parked in (after, upTo]. */
interface Seal {
  readonly partition: number;
  readonly after: number;
  readonly upTo: number;
  readonly ids: readonly string[];
}

export interface Counts {
  readonly counters: Map<string, number>;
  /** Who did what, as bits. */
  readonly sets: Map<string, number>;
}

/** What is durable: everything below is changed in the instant of a commit, and survives every crash. */
export interface Tables extends Counts {
  readonly lanes: Map<number, LaneTable>;
  /** Every copy that was kept, by id. */
  readonly copies: Map<string, SimulatedEvent[]>;
  readonly positions: Map<number, { position: number; through: number }>;
  /** How often each id was counted, or parked. */
  readonly counted: Map<string, number>;
  readonly parked: Map<string, number>;
  readonly failuresLeft: Map<string, number>;
  /** How often counting failed for the data of this event alone. */
  readonly failedAlone: Map<string, number>;
  readonly seals: Seal[];
}

export function createTables(): Tables {
  return {
    lanes: new Map(),
    copies: new Map(),
    positions: new Map(),
    counters: new Map(),
    sets: new Map(),
    counted: new Map(),
    parked: new Map(),
    failuresLeft: new Map(),
    failedAlone: new Map(),
    seals: [],
  };
}

export function keepRow(tables: Tables, lane: number, row: LogRow): void {
  const { rows } = tables.lanes.get(lane)!;
  rows.push(row);
  // Never so in the order of commits; a planted fault may do it.
  if (rows.length > 1 && rows.at(-2)!.seq > row.seq) rows.sort((a, b) => a.seq - b.seq);
  const copies = tables.copies.get(row.event.id);
  if (copies) copies.push(row.event);
  else tables.copies.set(row.event.id, [row.event]);
}

/** The first row with a `seq` above `after`. */
export function findIndex(rows: readonly LogRow[], after: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]!.seq > after) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function rowsOf(tables: Tables, batch: Pick<CountedBatch, 'partition' | 'after' | 'upTo'>): LogRow[] {
  const rows = tables.lanes.get(batch.partition)?.rows ?? [];
  return rows.slice(findIndex(rows, batch.after), findIndex(rows, batch.upTo));
}

export function readPositions(tables: Tables): Position[] {
  for (const [lane, { createdAt }] of tables.lanes) {
    if (!tables.positions.has(lane)) tables.positions.set(lane, { position: 0, through: createdAt });
  }
  return [...tables.positions].map(([partition, at]) => ({
    partition,
    position: at.position,
    complete_through: new Date(EPOCH_MS + at.through),
  }));
}

/** Adds one event to counters and sets. */
export function countEvent(counts: Counts, event: SimulatedEvent): void {
  const traffic = event.valid ? 0 : 1;
  for (const key of [
    `total ${event.subject} ${traffic} ${event.type}`,
    `quarter ${event.subject} ${event.quarter} ${traffic} ${event.type}`,
  ])
    counts.counters.set(key, (counts.counters.get(key) ?? 0) + 1);
  const set = `${event.subject} ${event.quarter} ${event.actor}`;
  counts.sets.set(set, (counts.sets.get(set) ?? 0) | (1 << (event.type + 3 * traffic)));
}

export function tally(counts: Map<string, number>, id: string): void {
  counts.set(id, (counts.get(id) ?? 0) + 1);
}

/** What readers are told: the least of all positions, or undefined before the first. */
export function completeThrough(tables: Tables): number | undefined {
  let least: number | undefined;
  for (const { through } of tables.positions.values())
    if (least === undefined || through < least) least = through;
  return least;
}

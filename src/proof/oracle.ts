import type { Db } from '../db/pool.ts';
import { EVENT_TYPES } from '../events/event.ts';
import { type HistoryLine, readHistory } from './history.ts';

const GROUP = 1_000;
const SHOWN = 20;

export interface OracleReport {
  readonly events: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** Unknown to the client, and in the raw store. */
  readonly unknown_kept: number;
  /** Acknowledged, but not in the raw store. */
  readonly lost: number;
  /** Rows beyond the first of one event id. */
  readonly dup: number;
  /** Refused events that were kept, rows that nobody sent or that say something else, and counters beside their rows. */
  readonly mismatch: number;
  /** The first of what is wrong, in words. */
  readonly findings: readonly string[];
}

export interface Tally {
  readonly events: Record<HistoryLine['outcome'], number>;
  readonly campaigns: Set<number>;
  readonly findings: string[];
  unknownKept: number;
  lost: number;
  dup: number;
  mismatch: number;
  /** Rows of the raw store that the history names. */
  rows: number;
}

/**
 * A client's history against raw store and counters, once nothing waits to be counted: ok ⊆ raw ⊆ ok ∪ unknown, each
 * once, and Σ counters = count(raw). The campaigns of the history must have had no other traffic.
 */
export async function checkHistory(db: Db, path: string): Promise<OracleReport> {
  const tally = createTally();
  for await (const lines of readHistory(path, GROUP)) await checkLines(db, lines, tally);
  await checkCounters(db, tally);
  return toOracleReport(tally);
}

export function createTally(): Tally {
  return {
    events: { ok: 0, fail: 0, unknown: 0 },
    campaigns: new Set(),
    findings: [],
    unknownKept: 0,
    lost: 0,
    dup: 0,
    mismatch: 0,
    rows: 0,
  };
}

export function toOracleReport(tally: Tally): OracleReport {
  const { events } = tally;
  return {
    events: events.ok + events.fail + events.unknown,
    ...events,
    unknown_kept: tally.unknownKept,
    lost: tally.lost,
    dup: tally.dup,
    mismatch: tally.mismatch,
    findings: tally.findings,
  };
}

export interface RawRow {
  readonly event_id: string;
  readonly subject_id: number;
  readonly subject_kind: number;
  readonly type: number;
}

async function checkLines(db: Db, lines: readonly HistoryLine[], tally: Tally): Promise<void> {
  // By the id alone, not by its day: a copy in another partition is what this looks for.
  const rows = await db.query<RawRow>(
    'select event_id, subject_id, subject_kind, type from event_log where event_id = any($1::uuid[])',
    [lines.map((line) => line.event_id)],
  );
  const found = Map.groupBy(rows, (row) => row.event_id);
  tally.rows += rows.length;
  for (const line of lines) checkLine(line, found.get(line.event_id) ?? [], tally);
}

/** `copies`: every row of the raw store under the id of this line. */
export function checkLine(line: HistoryLine, copies: readonly RawRow[], tally: Tally): void {
  const { event_id: id, outcome } = line;
  tally.events[outcome] += 1;
  tally.campaigns.add(line.campaign_id);
  if (copies.length === 0) {
    if (outcome === 'ok') note(tally, 'lost', 1, `${id} was acknowledged and is not in the raw store`);
    return;
  }
  if (outcome === 'unknown') tally.unknownKept += 1;
  if (copies.length > 1) note(tally, 'dup', copies.length - 1, `${id} is ${copies.length} rows`);
  if (outcome === 'fail') note(tally, 'mismatch', 1, `${id} was refused and is in the raw store`);
  for (const row of copies) {
    if (row.subject_id === line.campaign_id && row.subject_kind === 1 && row.type === EVENT_TYPES[line.type])
      continue;
    note(
      tally,
      'mismatch',
      1,
      `${id} was sent as ${line.type} of campaign ${line.campaign_id}, kept as else`,
    );
  }
}

async function checkCounters(db: Db, tally: Tally): Promise<void> {
  const rows = await db.query<{ id: number; type: string; counted: number; kept: number }>(
    `with raw as (
       select subject_id as id, count(*) filter (where type = 1) as views,
         count(*) filter (where type = 2) as true_views, count(*) filter (where type = 3) as clicks
       from event_log where subject_kind = 1 and subject_id = any($1::int8[]) group by 1
     ), counters as (
       select subject_id as id, sum(views)::int8 as views, sum(true_views)::int8 as true_views,
         sum(clicks)::int8 as clicks
       from counters_total where subject_kind = 1 and subject_id = any($1::int8[]) group by 1
     )
     select id, v.type, coalesce(v.counted, 0) as counted, coalesce(v.kept, 0) as kept
     from raw r full join counters c using (id), lateral (values
       ('view', c.views, r.views), ('true_view', c.true_views, r.true_views), ('click', c.clicks, r.clicks)
     ) as v (type, counted, kept)`,
    [[...tally.campaigns]],
  );
  let raw = 0;
  for (const { id, type, counted, kept } of rows) {
    raw += kept;
    const off = Math.abs(counted - kept);
    if (off > 0) note(tally, 'mismatch', off, `campaign ${id}: ${counted} ${type} counted, ${kept} raw rows`);
  }
  const strange = Math.abs(raw - tally.rows);
  if (strange > 0)
    note(
      tally,
      'mismatch',
      strange,
      `its campaigns hold ${raw} raw rows, the history leads to ${tally.rows} of them`,
    );
}

export function note(tally: Tally, what: 'lost' | 'dup' | 'mismatch', count: number, finding: string): void {
  tally[what] += count;
  if (tally.findings.length < SHOWN) tally.findings.push(finding);
}

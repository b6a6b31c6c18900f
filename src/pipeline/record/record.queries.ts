import { isDataError } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { EventLog, PositionedEvent, UnreadableRecord } from '../../ports/event-log.ts';
import { AGGREGATOR, type CountedBatch, countRows, parkEvent } from '../aggregate/index.ts';

/** Positions and seals speak of the raw store's lanes, whichever log filled them. */
export const RAW_STORE = 'postgres';

/** The raw store, as recording needs it. `tx` is the transaction that counts. */
export interface RawRows {
  readonly makeRoom: (events: readonly PositionedEvent[]) => Promise<void>;
  /** Returns the positions of those whose id was there before: they were not inserted. */
  readonly insert: (tx: Db, lane: number, events: readonly PositionedEvent[]) => Promise<ReadonlySet<number>>;
  /** Of events whose id is there: those whose first copy has another subject or type. */
  readonly findReused: (tx: Db, events: readonly PositionedEvent[]) => Promise<readonly PositionedEvent[]>;
}

/** Gives each partition of a log a lane of its own, once and for ever. */
export async function registerPartitions(
  db: Db,
  log: Pick<EventLog, 'identity' | 'listPartitions'>,
): Promise<void> {
  const partitions = (await log.listPartitions()).map((one) => one.partition);
  for (;;) {
    const [row] = await db.query<{ missing: number }>(
      `with wanted as (
         select p from unnest($2::int[]) as p
         where not exists (select from log_lanes where source = $1 and source_partition = p)
       ),
       made as (
         insert into log_lanes (lane, source, source_partition)
         select (select coalesce(max(lane), 0) from log_lanes) + row_number() over (order by p), $1, p from wanted
         on conflict do nothing
       )
       select count(*) as missing from wanted`,
      [log.identity, partitions],
    );
    if (row!.missing === 0) break;
  }
  // A log that was left for good, and is named again, promises nothing until its end was read.
  await db.query(
    `update log_positions p set complete_through = 'epoch' from log_lanes l
     where l.source = $1 and p.reader = '${AGGREGATOR}' and p.log = '${RAW_STORE}' and p.partition = l.lane
       and p.complete_through = 'infinity'`,
    [log.identity],
  );
}

/**
 * Declares that nothing more is to come out of a log: it no longer holds `complete_through` back. What was counted stays.
 * Returns whether there was such a log. One that is named again by the configuration is read again.
 */
export async function leaveLog(db: Db, source: string): Promise<boolean> {
  const rows = await db.query(
    `update log_positions p set complete_through = 'infinity' from log_lanes l
     where l.source = $1 and p.reader = '${AGGREGATOR}' and p.log = '${RAW_STORE}' and p.partition = l.lane
     returning p.partition`,
    [source],
  );
  return rows.length > 0;
}

export interface RecordPosition {
  /** Of the log. */
  readonly partition: number;
  readonly lane: number;
  readonly position: number;
  readonly complete_through: Date;
}

/** Positions of every registered partition. A new one promises nothing yet: it may hold events already. */
export function readRecordPositions(db: Db, source: string): Promise<RecordPosition[]> {
  return db.query<RecordPosition>(
    `with lanes as (select lane, source_partition from log_lanes where source = $1),
     born as (
       insert into log_positions (reader, log, partition, position, complete_through)
       select '${AGGREGATOR}', '${RAW_STORE}', lane, 0, 'epoch' from lanes on conflict do nothing returning *
     )
     select l.source_partition as partition, l.lane, p.position, p.complete_through
     from lanes l join (
       select partition, position, complete_through from born
       union select partition, position, complete_through from log_positions
       where reader = '${AGGREGATOR}' and log = '${RAW_STORE}'
     ) as p on p.partition = l.lane order by l.source_partition`,
    [source],
    'read_record_positions',
  );
}

export interface RecordedBatch extends CountedBatch {
  readonly events: readonly PositionedEvent[];
  readonly unreadable: readonly UnreadableRecord[];
}

/**
 * Raw rows, counters, seal and position of one batch, in one transaction. Of each id only the first row goes in, and only
 * rows that went in are counted. Returns false where the position was no longer `batch.after`, or another process is at it.
 */
export async function recordBatch(db: Db, rows: RawRows, batch: RecordedBatch): Promise<boolean> {
  await rows.makeRoom(batch.events);
  const moved = await db.transaction(async (tx) => {
    if (!(await holdPosition(tx, batch))) return false;
    failpoint?.('rows.before-write');
    await insertRows(tx, rows, batch);
    for (const one of batch.unreadable) await parkRecord(tx, batch.partition, one);
    failpoint?.('rows.after-write');
    await countRows(tx, batch);
    failpoint?.('rows.before-commit');
    return true;
  });
  failpoint?.('rows.after-commit');
  return moved;
}

/**
 * Moves over one event that was refused, and parks it. One that can be stored is, and waits to be counted like any other
 * parked event; one that cannot leaves what the letter can hold of it.
 */
export async function parkRecorded(
  db: Db,
  rows: RawRows,
  batch: RecordedBatch,
  reason: string,
  tries: number,
): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await holdPosition(tx, batch))) return;
    await tx.query('savepoint stored');
    try {
      await insertRows(tx, rows, batch);
    } catch (error) {
      if (!isDataError(error)) throw error;
      await tx.query('rollback to savepoint stored');
      for (const { position, event } of batch.events) {
        const payload = describeEvent({ position, event });
        await parkRecord(tx, batch.partition, { position, reason: 'unstorable', detail: reason, payload });
      }
    }
    await parkEvent(tx, batch, reason, tries);
  });
}

async function insertRows(tx: Db, rows: RawRows, batch: RecordedBatch): Promise<void> {
  if (batch.events.length === 0) return;
  const known = await rows.insert(tx, batch.partition, batch.events);
  if (known.size === 0) return;
  const copies = batch.events.filter(({ position }) => known.has(position));
  for (const one of await rows.findReused(tx, copies)) {
    await parkRecord(tx, batch.partition, {
      position: one.position,
      reason: 'event_id_reused',
      detail: 'Another event came first under this id, with another subject or type. It stays as it was.',
      payload: describeEvent(one),
    });
  }
}

/** Others that record pass over a partition that is held, and take another one. */
async function holdPosition(tx: Db, batch: CountedBatch): Promise<boolean> {
  const rows = await tx.query(
    `select from log_positions where reader = '${AGGREGATOR}' and log = $1 and partition = $2 and position = $3
     for update skip locked`,
    [batch.log, batch.partition, batch.after],
    'hold_position',
  );
  return rows.length > 0;
}

async function parkRecord(
  tx: Db,
  lane: number,
  letter: {
    readonly position: number;
    readonly reason: string;
    readonly detail: string;
    readonly payload: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await tx.query(`insert into dead_letters (origin, reason, detail, payload) values ('record', $1, $2, $3)`, [
    letter.reason,
    letter.detail,
    { lane, seq: letter.position, ...letter.payload },
  ]);
}

/** Without its texts, which may be what a store refuses, and without its address. */
function describeEvent({ event }: PositionedEvent): Readonly<Record<string, unknown>> {
  const { id, subject, type, actor, occurredAt } = event;
  return { event_id: id, subject, type, actor, occurred_at: new Date(occurredAt) };
}

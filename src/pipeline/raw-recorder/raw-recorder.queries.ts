import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { LogPartition } from '../../ports/event-log.ts';
import type { LogEnd } from '../../ports/raw-store.ts';

const RECORDER = 'recorder:';

interface RawPosition {
  readonly partition: number;
  readonly position: number;
  readonly complete_through: Date;
}

/** A reader's name says which store it fills, so that an emptied or another store is filled from the beginning. */
export const readerOf = (identity: string) => RECORDER + identity;

/** Positions of every partition, new ones added at zero. A partition's first instant is its birth: nothing was there before. */
export async function readRawPositions(
  db: Db,
  reader: string,
  log: string,
  partitions: readonly LogPartition[],
): Promise<RawPosition[]> {
  return db.query<RawPosition>(
    `with born as (
       insert into log_positions (reader, log, partition, position, complete_through)
       select $1, $2, p, 0, at from unnest($3::int[], $4::timestamptz[]) as given (p, at)
       on conflict do nothing returning *
     )
     select partition, position, complete_through from born
     union select partition, position, complete_through from log_positions where reader = $1 and log = $2
     order by partition`,
    [reader, log, partitions.map((one) => one.partition), partitions.map((one) => one.createdAt)],
    'read_raw_positions',
  );
}

/**
 * Whoever filled another store is no reader any more: it would hold retention back for ever. Both stores of a move that is
 * under way stay.
 */
export async function forgetOtherStores(db: Db, reader: string): Promise<void> {
  await db.query(
    `delete from log_positions where reader like '${RECORDER}%' and reader <> $1 and reader not in (
       select '${RECORDER}' || a.identity from role_moves m join engine_addresses a on a.address in (m.source, m.target)
       where m.role = 'raw-store' and m.state not in ('finished', 'back'))`,
    [reader],
  );
}

/** Nobody fills this store any more. */
export async function forgetStore(db: Db, reader: string): Promise<void> {
  await db.query('delete from log_positions where reader = $1', [reader]);
}

/** An event that the store cannot hold. */
export interface RawLetter {
  readonly position: number;
  readonly reason: string;
  readonly detail: string;
  readonly tries: number;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface RecordedStretch {
  readonly reader: string;
  readonly log: string;
  readonly partition: number;
  readonly after: number;
  readonly upTo: number;
  readonly completeThrough: Date | undefined;
  readonly letters: readonly RawLetter[];
}

/** Says that a stretch is durable in the raw store, but for what is parked. False: another recorder was first. */
export async function moveRecorder(db: Db, stretch: RecordedStretch): Promise<boolean> {
  const { reader, log, partition, after, upTo, completeThrough, letters } = stretch;
  const [row] = await db.query<{ moved: boolean }>(
    `with moved as (
       update log_positions set position = $5, complete_through = greatest(complete_through, $6),
         updated_at = clock_timestamp()
       where reader = $1 and log = $2 and partition = $3 and position = $4 returning 1
     ),
     parked as (
       insert into dead_letters (origin, reason, detail, tries, payload)
       select 'raw', reason, detail, tries, payload || jsonb_build_object('log', $2::text, 'partition', $3::int, 'position', at)
       from unnest($7::int8[], $8::text[], $9::text[], $10::int4[], $11::jsonb[]) as given (at, reason, detail, tries, payload)
       where exists (select from moved)
     )
     select exists (select from moved) as moved`,
    [
      reader,
      log,
      partition,
      after,
      upTo,
      completeThrough ?? null,
      letters.map((one) => one.position),
      letters.map((one) => one.reason),
      letters.map((one) => one.detail.replaceAll('\0', '')),
      letters.map((one) => one.tries),
      letters.map((one) => JSON.stringify(one.payload)),
    ],
    'move_recorder',
  );
  failpoint?.('record.after-position');
  return row!.moved;
}

/**
 * How far the raw store beside the log is filled, without asking that store. Without `reader`, of every store: while a move
 * is under way there may be two.
 */
export async function listRecorded(
  db: Db,
  log: string,
  reader?: string,
): Promise<(LogEnd & { complete_through: Date })[]> {
  return db.query(
    `select log, partition, position, complete_through from log_positions
     where reader like '${RECORDER}%' and log = $1 and reader = coalesce($2, reader) order by partition`,
    [log, reader ?? null],
    'list_recorded',
  );
}

/** Ids of events that wait parked, since the raw store refused them. */
export async function listRawParked(db: Db): Promise<ReadonlySet<string>> {
  const rows = await db.query<{ id: string }>(
    `select payload ->> 'event_id' as id from dead_letters where origin = 'raw' and replayed_at is null`,
  );
  return new Set(rows.map((row) => row.id));
}

export interface RawParked {
  readonly id: number;
  readonly partition: number;
  readonly position: number;
}

/** Of this log; all of them, or those named. */
export function findRawParked(db: Db, log: string, ids: readonly number[] | undefined): Promise<RawParked[]> {
  return db.query<RawParked>(
    `select id, (payload ->> 'partition')::int4 as partition, (payload ->> 'position')::int8 as position
     from dead_letters where origin = 'raw' and replayed_at is null and payload ->> 'log' = $1
       and ($2::bigint[] is null or id = any($2)) order by id`,
    [log, ids ?? null],
  );
}

/** `refusal`: why the store refuses it still; undefined: it is recorded. */
export async function noteRawReplay(db: Db, id: number, refusal: string | undefined): Promise<void> {
  await db.query(
    `update dead_letters set detail = coalesce($2, detail), tries = tries + ($2::text is not null)::int,
       replayed_at = case when $2::text is null then now() end
     where id = $1 and replayed_at is null`,
    [id, refusal?.replaceAll('\0', '') ?? null],
  );
}

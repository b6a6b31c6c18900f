import type { Db } from '../../db/pool.ts';
import type { ActorQuarter, LogEnd, MinuteSums, RowsToCount } from '../../ports/raw-store.ts';
import { AGGREGATOR, COUNTABLE, MINUTE, QUARTER_OF_EVENT, SEEN } from '../aggregate/index.ts';
import { isParked } from './verify.queries.ts';

/** What the raw store beside the log gives is laid here, to be held against counters by the statements of verify. */
export async function makeStage(tx: Db): Promise<void> {
  await tx.query(
    `create temp table recount_minutes (subject_kind int2, subject_id int8, bucket_at timestamptz, traffic int2,
       views int8, true_views int8, clicks int8) on commit drop`,
  );
  await tx.query(
    `create temp table recount_actors (subject_kind int2, subject_id int8, bucket_at timestamptz, actor uuid, seen int2)
     on commit drop`,
  );
}

export async function stageMinutes(tx: Db, rows: readonly MinuteSums[]): Promise<void> {
  await tx.query(
    `insert into recount_minutes select * from unnest($1::int2[], $2::int8[], $3::timestamptz[], $4::int2[], $5::int8[], $6::int8[], $7::int8[])`,
    [
      rows.map((row) => row.subject_kind),
      rows.map((row) => row.subject_id),
      rows.map((row) => row.bucket_at),
      rows.map((row) => row.traffic),
      rows.map((row) => row.views),
      rows.map((row) => row.true_views),
      rows.map((row) => row.clicks),
    ],
    'stage_minutes',
  );
}

export async function stageActors(tx: Db, rows: readonly ActorQuarter[]): Promise<void> {
  await tx.query(
    `insert into recount_actors select * from unnest($1::int2[], $2::int8[], $3::timestamptz[], $4::uuid[], $5::int2[])`,
    [
      rows.map((row) => row.subject_kind),
      rows.map((row) => row.subject_id),
      rows.map((row) => row.bucket_at),
      rows.map((row) => row.actor),
      rows.map((row) => row.seen),
    ],
    'stage_actors',
  );
}

const COUNTED = `
  from event_log e join log_positions p
    on p.reader = '${AGGREGATOR}' and p.log = 'postgres' and p.partition = e.lane and e.seq <= p.position
  where e.occurred_at >= $1 and e.occurred_at < $2`;

/** Events that the store refused are counted all the same: those come from the log. */
export async function stageRefused(tx: Db, from: Date, to: Date): Promise<void> {
  const refused = `(
    select e.*, (e.rule <> 0)::int::int2 as traffic ${COUNTED} and ${COUNTABLE}
      and ${isParked('e', 'raw')} and not ${isParked('e', 'aggregate')}
  ) as refused`;
  await tx.query(
    `insert into recount_minutes
     select subject_kind, subject_id, ${MINUTE}, traffic, count(*) filter (where type = 1),
       count(*) filter (where type = 2), count(*) filter (where type = 3) from ${refused} group by 1, 2, 3, 4`,
    [from, to],
  );
  await tx.query(
    `insert into recount_actors
     select subject_kind, subject_id, ${QUARTER_OF_EVENT}, actor, bit_or(${SEEN})::int2 from ${refused} group by 1, 2, 3, 4`,
    [from, to],
  );
  await tx.query('analyze recount_minutes, recount_actors');
}

/** Of the time that a recount is about: events that are in no number, and those that `stageRefused` brings. */
export async function listParkedIds(tx: Db, from: Date, to: Date): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select e.event_id as id ${COUNTED} and (${isParked('e', 'aggregate')} or ${isParked('e', 'raw')})`,
    [from, to],
  );
  return rows.map((row) => row.id);
}

/** How far every lane is counted. */
export async function listCounted(tx: Db): Promise<LogEnd[]> {
  return tx.query<LogEnd>(
    `select log, partition, position from log_positions where reader = '${AGGREGATOR}' and log = 'postgres' order by partition`,
  );
}

/** Days (as in `Event.day`) that the log has a partition for, the undated one among them where it holds anything. */
export async function listLoggedDays(tx: Db): Promise<number[]> {
  const rows = await tx.query<{ day: number }>(
    `select day from (
       select (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\((?:'')?(-?\\d+)'))[1]::int as day
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'event_log'::regclass
     ) as partitions where day >= 0 or exists (select from event_log_undated) order by day`,
  );
  return rows.map((row) => row.day);
}

/** What retention removes next of the undated events; whatever comes before it, here or in another store, is removed. */
export async function findFirstUndated(tx: Db): Promise<RowsToCount['firstUndated']> {
  const [row] = await tx.query<{ received_at: Date; event_id: string }>(
    'select received_at, event_id from event_log_undated order by received_at, event_id limit 1',
  );
  return row && { receivedAt: row.received_at, eventId: row.event_id };
}

/** Taken before the snapshot: retention waits between what it sealed and what another store still has of it. */
export async function holdRetention(tx: Db): Promise<void> {
  await tx.query('lock table sealed_parts in share mode');
}

import type { Db } from '../../db/pool.ts';
import {
  AGGREGATOR,
  COUNTABLE,
  DIGEST,
  MINUTE,
  QUARTER,
  QUARTER_OF_EVENT,
  SEEN,
} from '../aggregate/index.ts';

/** A number that differs: what the counters hold against what raw events give. */
export interface Difference {
  readonly table: string;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly bucket_at: Date | null;
  readonly traffic: number | null;
  readonly kept: string;
  readonly recounted: string;
}

const COUNTS = `count(*) filter (where type = 1) as views, count(*) filter (where type = 2) as true_views,
  count(*) filter (where type = 3) as clicks`;

/** Only events up to the aggregator's positions: what waits in the log is not a difference. */
const COUNTED_RAW = `
counted as (
  select e.subject_kind, e.subject_id, (e.rule <> 0)::int::int2 as traffic, e.actor, e.type, e.occurred_at
  from event_log e join log_positions p
    on p.reader = '${AGGREGATOR}' and p.log = 'postgres' and p.partition = e.lane and e.seq <= p.position
  where e.occurred_at >= $1 and e.occurred_at < $2 and ${COUNTABLE}
    and not exists (
      select from dead_letters d where d.origin = 'aggregate' and d.replayed_at is null
        and d.payload ->> 'event_id' = e.event_id::text
    )
)`;

const minutes = `select subject_kind, subject_id, ${MINUTE} as bucket_at, traffic, ${COUNTS} from counted group by 1, 2, 3, 4`;
const quarters = `select subject_kind, subject_id, ${QUARTER} as bucket_at, traffic, sum(views)::int8 as views,
  sum(true_views)::int8 as true_views, sum(clicks)::int8 as clicks from minutes group by 1, 2, 3, 4`;
const actors = `select subject_kind, subject_id, ${QUARTER_OF_EVENT} as bucket_at, actor, bit_or(${SEEN})::int2 as seen
  from counted group by 1, 2, 3, 4`;

function compareCounters(table: string, source: string): string {
  return `
  with ${COUNTED_RAW}, minutes as (${minutes}), recount as (${source}),
  kept as (select * from ${table} where bucket_at >= $1 and bucket_at < $2)
  select '${table}' as table, subject_kind, subject_id, bucket_at, traffic,
    format('%s/%s/%s', coalesce(k.views, 0), coalesce(k.true_views, 0), coalesce(k.clicks, 0)) as kept,
    format('%s/%s/%s', coalesce(r.views, 0), coalesce(r.true_views, 0), coalesce(r.clicks, 0)) as recounted
  from kept k full join recount r using (subject_kind, subject_id, bucket_at, traffic)
  where (coalesce(k.views, 0), coalesce(k.true_views, 0), coalesce(k.clicks, 0))
    is distinct from (coalesce(r.views, 0), coalesce(r.true_views, 0), coalesce(r.clicks, 0))
  order by subject_kind, subject_id, bucket_at limit $3`;
}

const COMPARE_ACTORS = `
  with ${COUNTED_RAW}, recount as (${actors}),
  kept as (select * from actor_quarters where bucket_at >= $1 and bucket_at < $2)
  select 'actor_quarters' as table, subject_kind, subject_id, bucket_at, null as traffic,
    coalesce(k.seen::text, 'absent') as kept, coalesce(r.seen::text, 'absent') as recounted
  from kept k full join recount r using (subject_kind, subject_id, bucket_at, actor)
  where k.seen is distinct from r.seen order by subject_kind, subject_id, bucket_at limit $3`;

/** Every difference of counters and sets in [from, to), which are whole quarters. Up to `limit` of each table. */
export async function compareRange(db: Db, from: Date, to: Date, limit: number): Promise<Difference[]> {
  const values = [from, to, limit];
  const found: Difference[] = [];
  for (const text of [
    compareCounters('counters_minute', minutes),
    compareCounters('counters_quarter', quarters),
    COMPARE_ACTORS,
  ]) {
    found.push(...(await db.query<Difference>(text, values)));
  }
  return found;
}

/** Totals against the sum of the quarters, over all time. */
export function compareTotals(db: Db, limit: number): Promise<Difference[]> {
  return db.query<Difference>(
    `with recount as (
       select subject_kind, subject_id, traffic, sum(views)::int8 as views, sum(true_views)::int8 as true_views,
         sum(clicks)::int8 as clicks from counters_quarter group by 1, 2, 3
     )
     select 'counters_total' as table, subject_kind, subject_id, null as bucket_at, traffic,
       format('%s/%s/%s', coalesce(k.views, 0), coalesce(k.true_views, 0), coalesce(k.clicks, 0)) as kept,
       format('%s/%s/%s', coalesce(r.views, 0), coalesce(r.true_views, 0), coalesce(r.clicks, 0)) as recounted
     from counters_total k full join recount r using (subject_kind, subject_id, traffic)
     where (coalesce(k.views, 0), coalesce(k.true_views, 0), coalesce(k.clicks, 0))
       is distinct from (coalesce(r.views, 0), coalesce(r.true_views, 0), coalesce(r.clicks, 0))
     order by subject_kind, subject_id limit $1`,
    [limit],
  );
}

/** Batches whose raw rows no longer give the digest that the aggregator saw: raw was altered, not the counters. */
export interface BrokenSeal {
  readonly partition: number;
  readonly after: number;
  readonly up_to: number;
  readonly events: number;
  readonly found: number;
}

export function findBrokenSeals(
  db: Db,
  partition: number,
  after: number,
  batches: number,
): Promise<(BrokenSeal & { ok: boolean })[]> {
  return db.query(
    `select s.partition, s.after, s.up_to, s.events, r.events as found, s.events = r.events and s.digest = r.digest as ok
     from (select * from log_seals where log = 'postgres' and partition = $1 and after >= $2 order by after limit $3) s,
     lateral (
       select count(*) as events, ${DIGEST} as digest from event_log e where e.lane = s.partition and e.seq > s.after and e.seq <= s.up_to
     ) r order by s.after`,
    [partition, after, batches],
  );
}

export async function findExtent(db: Db): Promise<{ from: Date; to: Date } | undefined> {
  const [row] = await db.query<{ first: Date | null; last: Date | null }>(
    `select least((select min(occurred_at) from event_log), (select min(bucket_at) from counters_minute), (select min(bucket_at) from counters_quarter), (select min(bucket_at) from actor_quarters)) as first,
       greatest((select max(occurred_at) from event_log), (select max(bucket_at) from counters_minute), (select max(bucket_at) from counters_quarter), (select max(bucket_at) from actor_quarters)) as last`,
  );
  return row?.first && row.last ? { from: row.first, to: row.last } : undefined;
}

/** The days of [from, to) that hold anything, so that an empty year costs nothing. */
export async function listDays(db: Db, from: Date, to: Date): Promise<Date[]> {
  const rows = await db.query<{ day: Date }>(
    `select distinct date_bin('1 day', at, 'epoch') as day from (
       select occurred_at as at from event_log where occurred_at >= $1 and occurred_at < $2
       union all select bucket_at from counters_minute where bucket_at >= $1 and bucket_at < $2
       union all select bucket_at from counters_quarter where bucket_at >= $1 and bucket_at < $2
       union all select bucket_at from actor_quarters where bucket_at >= $1 and bucket_at < $2
     ) as everything order by 1`,
    [from, to],
  );
  return rows.map((row) => row.day);
}

/** Holds the aggregators off: their compare-and-set waits until this transaction ends. */
export async function holdPositions(tx: Db): Promise<void> {
  await tx.query(
    `select 1 from log_positions where reader = '${AGGREGATOR}' order by log, partition for update`,
  );
}

/** Makes counters and sets of [from, to) anew out of raw events. Inside a transaction that holds the positions. */
export async function rebuildRange(tx: Db, from: Date, to: Date): Promise<void> {
  for (const table of ['counters_minute', 'counters_quarter', 'actor_quarters']) {
    await tx.query(`delete from ${table} where bucket_at >= $1 and bucket_at < $2`, [from, to]);
  }
  const into = (table: string, source: string) => `
    with ${COUNTED_RAW}, minutes as (${minutes}), recount as (${source})
    insert into ${table} (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
    select subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks from recount`;
  await tx.query(into('counters_minute', minutes), [from, to]);
  await tx.query(into('counters_quarter', quarters), [from, to]);
  await tx.query(
    `with ${COUNTED_RAW} insert into actor_quarters (subject_kind, subject_id, bucket_at, actor, seen) ${actors}`,
    [from, to],
  );
}

export async function rebuildTotals(tx: Db): Promise<void> {
  await tx.query('delete from counters_total');
  await tx.query(
    `insert into counters_total (subject_kind, subject_id, traffic, views, true_views, clicks)
     select subject_kind, subject_id, traffic, sum(views), sum(true_views), sum(clicks) from counters_quarter group by 1, 2, 3`,
  );
}

export async function listLanes(db: Db): Promise<number[]> {
  const rows = await db.query<{ lane: number }>('select lane from log_lanes order by lane');
  return rows.map((row) => row.lane);
}

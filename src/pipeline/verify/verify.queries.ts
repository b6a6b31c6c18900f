import type { Db } from '../../db/pool.ts';
import { AGGREGATOR, COUNTABLE, MINUTE, QUARTER, QUARTER_OF_EVENT, SEEN } from '../aggregate/index.ts';

/** A number that differs: what the counters hold against what raw events, and the sums sealed of those gone, give. */
export interface Difference {
  readonly table: string;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly bucket_at: Date | null;
  readonly traffic: number | null;
  readonly kept: string;
  readonly recounted: string;
}

const SUMS = `sum(views)::int8 as views, sum(true_views)::int8 as true_views, sum(clicks)::int8 as clicks`;
const KEY = 'subject_kind, subject_id, bucket_at, traffic';
const IN_RANGE = 'bucket_at >= $1 and bucket_at < $2';

/** Events that wait parked are in no number yet. `events` is event_log under some name. */
export const isParked = (events: string, origin: 'aggregate' | 'raw') => `exists (
  select from dead_letters d where d.origin = '${origin}' and d.replayed_at is null
    and d.payload ->> 'event_id' = ${events}.event_id::text
)`;

/** What numbers are made of, by minute, and by actor and quarter: only events up to the aggregator's positions. */
const FROM_LOG = `
counted as materialized (
  select e.subject_kind, e.subject_id, (e.rule <> 0)::int::int2 as traffic, e.actor, e.type, e.occurred_at
  from event_log e join log_positions p
    on p.reader = '${AGGREGATOR}' and p.log = 'postgres' and p.partition = e.lane and e.seq <= p.position
  where e.occurred_at >= $1 and e.occurred_at < $2 and ${COUNTABLE}
    and not ${isParked('e', 'aggregate')}
),
raw_minutes as materialized (
  select subject_kind, subject_id, ${MINUTE} as bucket_at, traffic, count(*) filter (where type = 1) as views,
    count(*) filter (where type = 2) as true_views, count(*) filter (where type = 3) as clicks
  from counted group by 1, 2, 3, 4
),
actors as (
  select subject_kind, subject_id, ${QUARTER_OF_EVENT} as bucket_at, actor, bit_or(${SEEN})::int2 as seen
  from counted group by 1, 2, 3, 4
)`;

/** The same, out of what the raw store beside the log summed up (`stageRecorded`). */
const FROM_STORE = `
raw_minutes as (
  select ${KEY}, ${SUMS} from recount_minutes where ${IN_RANGE} group by ${KEY}
),
actors as (
  select subject_kind, subject_id, bucket_at, actor, bit_or(seen)::int2 as seen
  from recount_actors where ${IN_RANGE} group by 1, 2, 3, 4
)`;

export type RawSource = 'log' | 'store';

/** Everything anew for [$1, $2): what waits in the log is not a difference, what retention sealed is part of the numbers. */
const recount = (source: RawSource) => `
${source === 'log' ? FROM_LOG : FROM_STORE},
minutes as (
  select ${KEY}, ${SUMS} from (
    select ${KEY}, views, true_views, clicks from raw_minutes
    union all select ${KEY}, views, true_views, clicks from sealed_minutes where ${IN_RANGE}
  ) as parts group by ${KEY}
),
quarters as (
  select ${KEY}, ${SUMS} from (
    select subject_kind, subject_id, ${QUARTER} as bucket_at, traffic, views, true_views, clicks from raw_minutes
    union all select ${KEY}, views, true_views, clicks from sealed_quarters where ${IN_RANGE}
  ) as parts group by ${KEY}
)`;

const differing = (table: string, kept: string, recount: string, key: string) => `
  select '${table}' as table, subject_kind, subject_id,
    ${key.includes('bucket_at') ? 'bucket_at' : 'null::timestamptz as bucket_at'}, traffic, format('%s/%s/%s', coalesce(k.views, 0), coalesce(k.true_views, 0), coalesce(k.clicks, 0)) as kept,
    format('%s/%s/%s', coalesce(r.views, 0), coalesce(r.true_views, 0), coalesce(r.clicks, 0)) as recounted
  from ${kept} k full join ${recount} r using (${key})
  where (coalesce(k.views, 0), coalesce(k.true_views, 0), coalesce(k.clicks, 0))
    is distinct from (coalesce(r.views, 0), coalesce(r.true_views, 0), coalesce(r.clicks, 0))`;

const compare = (source: RawSource) => `
with ${recount(source)},
kept_minutes as (select * from counters_minute where ${IN_RANGE}),
kept_quarters as (select * from counters_quarter where ${IN_RANGE}),
kept_actors as (select * from actor_quarters where ${IN_RANGE})
(${differing('counters_minute', 'kept_minutes', 'minutes', KEY)} limit $3)
union all
(${differing('counters_quarter', 'kept_quarters', 'quarters', KEY)} limit $3)
union all
(select 'actor_quarters', subject_kind, subject_id, bucket_at, null, coalesce(k.seen::text, 'absent'),
   coalesce((coalesce(r.seen, 0) | coalesce(k.sealed_seen, 0))::text, 'absent')
 from kept_actors k full join actors r using (subject_kind, subject_id, bucket_at, actor)
 where k.seen is distinct from (coalesce(r.seen, 0) | coalesce(k.sealed_seen, 0)) limit $3)
order by 1, 2, 3, 4`;

/** Every difference of counters and sets in [from, to), which are whole quarters. Up to `limit` of each table. */
export function compareRange(
  db: Db,
  from: Date,
  to: Date,
  limit: number,
  source: RawSource = 'log',
): Promise<Difference[]> {
  return db.query<Difference>(compare(source), [from, to, limit]);
}

export interface SubjectKey {
  readonly subject_kind: number;
  readonly subject_id: number;
}

const IN_SLICE = '(subject_kind, subject_id) in (select * from unnest($1::int2[], $2::int8[]))';
const toSlice = (subjects: readonly SubjectKey[]) => [
  subjects.map((one) => one.subject_kind),
  subjects.map((one) => one.subject_id),
];

/** The next subjects that have any counter, found by hopping through the keys: no scan of the rows between. */
export function listSubjects(db: Db, after: SubjectKey, limit: number): Promise<SubjectKey[]> {
  const next = (table: string, from: string) =>
    `(select subject_kind, subject_id from ${table} where (subject_kind, subject_id) > (${from}) order by 1, 2 limit 1)`;
  return db.query<SubjectKey>(
    `with recursive counted as (
       ${next('counters_quarter', '$1, $2')}
       union all select n.* from counted c, lateral ${next('counters_quarter', 'c.subject_kind, c.subject_id')} as n
     )
     (select * from counted limit $3) union (
       select distinct subject_kind, subject_id from counters_total where (subject_kind, subject_id) > ($1, $2) order by 1, 2 limit $3
     ) order by 1, 2 limit $3`,
    [after.subject_kind, after.subject_id, limit],
  );
}

/** Totals of these subjects against the sums of their quarters, over all time. */
export function compareTotals(db: Db, subjects: readonly SubjectKey[]): Promise<Difference[]> {
  return db.query<Difference>(
    `with kept as (select * from counters_total where ${IN_SLICE}),
     recount as (select subject_kind, subject_id, traffic, ${SUMS} from counters_quarter where ${IN_SLICE} group by 1, 2, 3)
     ${differing('counters_total', 'kept', 'recount', 'subject_kind, subject_id, traffic')}
     order by subject_kind, subject_id`,
    toSlice(subjects),
  );
}

/** Inside a transaction that holds the positions. */
export async function rebuildTotals(tx: Db, subjects: readonly SubjectKey[]): Promise<void> {
  await tx.query(`delete from counters_total where ${IN_SLICE}`, toSlice(subjects));
  await tx.query(
    `insert into counters_total (subject_kind, subject_id, traffic, views, true_views, clicks)
     select subject_kind, subject_id, traffic, sum(views), sum(true_views), sum(clicks) from counters_quarter
     where ${IN_SLICE} group by 1, 2, 3`,
    toSlice(subjects),
  );
}

export interface Extent {
  readonly from: Date;
  readonly to: Date;
}

/** From the first instant that raw events (there or sealed) or counters are about to the last. */
export async function findExtent(db: Db): Promise<Extent | undefined> {
  const [row] = await db.query<{ first: Date | null; last: Date | null }>(
    `select min(first) as first, max(last) as last from (
       select min(first_at) as first, max(last_at) as last from log_seals
       union all select min(first_at), max(last_at) from sealed_parts
       union all select min(bucket_at), max(bucket_at) from counters_minute
       union all select min(bucket_at), max(bucket_at) from counters_quarter
       union all select min(bucket_at), max(bucket_at) from actor_quarters
     ) as everything`,
  );
  return row?.first && row.last ? { from: row.first, to: row.last } : undefined;
}

/** As `findExtent`, without a look at every counter: for a check that must never scan everything at once. */
export async function findRawExtent(db: Db): Promise<Extent | undefined> {
  const [row] = await db.query<{ first: Date | null; last: Date | null }>(
    `select min(first) as first, max(last) as last from (
       select min(first_at) as first, max(last_at) as last from log_seals
       union all select min(first_at), max(last_at) from sealed_parts
     ) as everything`,
  );
  return row?.first && row.last ? { from: row.first, to: row.last } : undefined;
}

/** The days of [from, to) that hold anything, so that an empty year costs nothing. */
export async function listDays(db: Db, from: Date, to: Date): Promise<Date[]> {
  const rows = await db.query<{ day: Date }>(
    `select distinct date_bin('1 day', at, 'epoch') as day from (
       select generate_series(date_bin('1 day', first_at, 'epoch'), last_at, '1 day') as at from log_seals
         where last_at >= $1 and first_at < $2
       union all select bucket_at from sealed_quarters where ${IN_RANGE}
       union all select bucket_at from counters_minute where ${IN_RANGE}
       union all select bucket_at from counters_quarter where ${IN_RANGE}
       union all select bucket_at from actor_quarters where ${IN_RANGE}
     ) as everything where at > $1::timestamptz - interval '1 day' and at < $2 order by 1`,
    [from, to],
  );
  return rows.map((row) => row.day);
}

/** What the numbers of [from, to) rest on. */
export async function findBasis(db: Db, from: Date, to: Date): Promise<{ raw: boolean; sealed: boolean }> {
  const [row] = await db.query<{ raw: boolean; sealed: boolean }>(
    `select exists (select from event_log where occurred_at >= $1 and occurred_at < $2) as raw,
       exists (select from sealed_quarters where ${IN_RANGE}) as sealed`,
    [from, to],
  );
  return row!;
}

/** Holds the aggregators off: their compare-and-set waits until this transaction ends. */
export async function holdPositions(tx: Db): Promise<void> {
  await tx.query(
    `select 1 from log_positions where reader = '${AGGREGATOR}' order by log, partition for update`,
  );
}

/** Makes counters and sets of [from, to) anew. Inside a transaction that holds the positions. */
export async function rebuildRange(tx: Db, from: Date, to: Date, raw: RawSource = 'log'): Promise<void> {
  for (const [table, source] of [
    ['counters_minute', 'minutes'],
    ['counters_quarter', 'quarters'],
  ]) {
    await tx.query(`delete from ${table} where ${IN_RANGE}`, [from, to]);
    await tx.query(
      `with ${recount(raw)} insert into ${table} (${KEY}, views, true_views, clicks)
       select ${KEY}, views, true_views, clicks from ${source}`,
      [from, to],
    );
  }
  await tx.query(`delete from actor_quarters where ${IN_RANGE} and sealed_seen = 0`, [from, to]);
  await tx.query(`update actor_quarters set seen = sealed_seen where ${IN_RANGE}`, [from, to]);
  await tx.query(
    `with ${recount(raw)} insert into actor_quarters (subject_kind, subject_id, bucket_at, actor, seen)
     select subject_kind, subject_id, bucket_at, actor, seen from actors
     on conflict (subject_kind, subject_id, bucket_at, actor)
     do update set seen = excluded.seen | actor_quarters.sealed_seen`,
    [from, to],
  );
}

import type { Db } from '../../db/pool.ts';
import { SUBJECT_KINDS, type Subject } from '../../events/event.ts';

export interface CountRow {
  /** 1-based number of the bucket. */
  readonly bucket: number;
  readonly views: number;
  readonly true_views: number;
  readonly clicks: number;
}

export interface UniqueRow {
  /** null: the whole range. */
  readonly bucket: number | null;
  readonly unique_viewers: number;
  readonly unique_clickers: number;
}

/** Bits of `actor_quarters.seen` for who viewed and who clicked, by kind of traffic. */
export const SEEN_MASKS = {
  valid: { viewed: 1, clicked: 4 },
  invalid: { viewed: 8, clicked: 32 },
  all: { viewed: 9, clicked: 36 },
} as const;

const TRAFFIC = { valid: [0], invalid: [1], all: [0, 1] } as const;
export type Traffic = keyof typeof TRAFFIC;

export interface Instants {
  readonly as_of: Date;
  readonly complete_through: Date | null;
}

/**
 * Read before the counters: what it promises, a later read holds. On a standby the positions are those it has replayed,
 * and `as_of` is the primary's clock at the last commit that it has.
 */
export async function findInstants(db: Db): Promise<Instants> {
  const [row] = await db.query<Instants>(
    // The database's clock may have stepped back since a position was marked: nothing is complete through the future.
    `with now as materialized (select least(clock_timestamp(),
       case when pg_is_in_recovery() then pg_last_xact_replay_timestamp() end) as at)
     select at as as_of, (select least(min(complete_through), at) from log_positions
       where reader = 'aggregator' having count(*) > 0) as complete_through from now`,
    [],
    'find_instants',
  );
  return row!;
}

interface Range {
  readonly subject: Subject;
  readonly from: Date;
  readonly to: Date;
  readonly traffic: Traffic;
  /** First instants of the buckets, ascending; the first is not later than `from`. */
  readonly starts: readonly Date[];
}

/** `table` is one of our two names, never input. */
function sumCounters(
  db: Db,
  table: 'counters_minute' | 'counters_quarter',
  range: Range,
): Promise<CountRow[]> {
  return db.query<CountRow>(
    `select width_bucket(bucket_at, $6::timestamptz[]) as bucket,
       sum(views)::int8 as views, sum(true_views)::int8 as true_views, sum(clicks)::int8 as clicks
     from ${table}
     where subject_kind = $1 and subject_id = $2 and bucket_at >= $3 and bucket_at < $4 and traffic = any($5::int2[])
     group by 1`,
    [
      SUBJECT_KINDS[range.subject.kind],
      range.subject.id,
      range.from,
      range.to,
      TRAFFIC[range.traffic],
      range.starts,
    ],
    `sum_${table}`,
  );
}

export const sumMinutes = (db: Db, range: Range) => sumCounters(db, 'counters_minute', range);
export const sumQuarters = (db: Db, range: Range) => sumCounters(db, 'counters_quarter', range);

/** Whether retention has removed single minutes of [from, to), so that only whole quarters are known there. */
export async function areMinutesGone(
  db: Db,
  subject: Subject,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<boolean> {
  const [row] = await db.query<{ gone: boolean }>(
    `select exists (
       select from sealed_quarters where minutes_gone and subject_kind = $1 and subject_id = $2
         and bucket_at > $3::timestamptz - interval '15 minutes' and bucket_at < $4
     ) as gone`,
    [SUBJECT_KINDS[subject.kind], subject.id, from, to],
    'are_minutes_gone',
  );
  return row!.gone;
}

/** Exact uniques of each bucket and of the whole, by the sets of quarters. */
export function countActors(db: Db, range: Range): Promise<UniqueRow[]> {
  const { viewed, clicked } = SEEN_MASKS[range.traffic];
  return db.query<UniqueRow>(
    `with seen as materialized (
       select width_bucket(bucket_at, $5::timestamptz[]) as bucket, actor, bit_or(seen) as seen
       from actor_quarters where subject_kind = $1 and subject_id = $2 and bucket_at >= $3 and bucket_at < $4
       group by 1, 2
     ), whole as (select actor, bit_or(seen) as seen from seen group by actor)
     select bucket, count(*) filter (where seen & ${viewed} <> 0) as unique_viewers,
       count(*) filter (where seen & ${clicked} <> 0) as unique_clickers from seen group by bucket
     union all
     select null, count(*) filter (where seen & ${viewed} <> 0), count(*) filter (where seen & ${clicked} <> 0) from whole`,
    [SUBJECT_KINDS[range.subject.kind], range.subject.id, range.from, range.to, range.starts],
    `count_actors_${range.traffic}`,
  );
}

/** Actors of whole quarters, for a range whose edges are not: they are joined with the edges' own in the service. */
export function listQuarterActors(
  db: Db,
  range: Range,
): Promise<{ bucket: number; actor: string; seen: number }[]> {
  return db.query(
    `select width_bucket(bucket_at, $5::timestamptz[]) as bucket, actor, bit_or(seen) as seen
     from actor_quarters where subject_kind = $1 and subject_id = $2 and bucket_at >= $3 and bucket_at < $4
     group by 1, 2`,
    [SUBJECT_KINDS[range.subject.kind], range.subject.id, range.from, range.to, range.starts],
    'list_quarter_actors',
  );
}

export interface TotalRow {
  readonly subject_id: number;
  readonly traffic: number;
  readonly views: number;
  readonly true_views: number;
  readonly clicks: number;
}

export function findTotals(db: Db, kind: number, ids: readonly number[]): Promise<TotalRow[]> {
  return db.query<TotalRow>(
    'select subject_id, traffic, views, true_views, clicks from counters_total where subject_kind = $1 and subject_id = any($2::bigint[])',
    [kind, ids],
    'find_totals',
  );
}

export interface LeaderRow {
  readonly campaign_id: number;
  readonly title: string;
  readonly views: number;
  readonly true_views: number;
  readonly clicks: number;
  readonly invalid: number;
  readonly unique_viewers: number;
  readonly unique_clickers: number;
}

/** Campaigns compared over the quarters that begin in [from, to); an owner sees the own ones. Uniques of the shown only. */
export function rankCampaigns(
  db: Db,
  ownerId: number | undefined,
  from: Date,
  to: Date,
  limit: number,
): Promise<LeaderRow[]> {
  const { viewed, clicked } = SEEN_MASKS.valid;
  return db.query<LeaderRow>(
    `with ranked as (
       select c.id as campaign_id, c.title,
         coalesce(sum(q.views) filter (where q.traffic = 0), 0)::int8 as views,
         coalesce(sum(q.true_views) filter (where q.traffic = 0), 0)::int8 as true_views,
         coalesce(sum(q.clicks) filter (where q.traffic = 0), 0)::int8 as clicks,
         coalesce(sum(q.views + q.true_views + q.clicks) filter (where q.traffic = 1), 0)::int8 as invalid
       from campaigns c left join counters_quarter q
         on q.subject_kind = 1 and q.subject_id = c.id and q.bucket_at >= $2 and q.bucket_at < $3
       where not c.is_deleted and ($1::bigint is null or c.owner_id = $1)
       group by c.id order by views desc, c.id limit $4)
     select ranked.*, uniques.*
     from ranked cross join lateral (
       select count(*) filter (where seen & ${viewed} <> 0) as unique_viewers,
         count(*) filter (where seen & ${clicked} <> 0) as unique_clickers
       from (
         select bit_or(seen) as seen from actor_quarters
         where subject_kind = 1 and subject_id = campaign_id and bucket_at >= $2 and bucket_at < $3
         group by actor) as actors) as uniques
     order by views desc, campaign_id`,
    [ownerId ?? null, from, to, limit],
  );
}

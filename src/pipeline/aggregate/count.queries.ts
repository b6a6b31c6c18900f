import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';

export const AGGREGATOR = 'aggregator';

/** What counts: an event whose kind and type this version knows. Counting, rebuild and verify share this one line. */
export const COUNTABLE = 'type between 1 and 3 and subject_kind between 1 and 2';

/** What counting reads of a raw row; the rest is as wide again. */
const READ_COLUMNS = 'event_id, lane, seq, subject_kind, subject_id, rule, actor, type, occurred_at';

/** Columns of one event as the counters see it. */
export const COUNTED_COLUMNS = `subject_kind, subject_id, (rule <> 0)::int::int2 as traffic, actor, type, occurred_at`;

export const MINUTE = `date_bin('1 minute', occurred_at, 'epoch')`;
export const QUARTER = `date_bin('15 minutes', bucket_at, 'epoch')`;
export const QUARTER_OF_EVENT = `date_bin('15 minutes', occurred_at, 'epoch')`;
/** The bit of `actor_quarters.seen`: 1, 2, 4 for the three types, shifted by three for invalid traffic. */
export const SEEN = '(1 << (type - 1 + 3 * traffic))';

/**
 * The digest of raw rows: only the same rows give the same sum. PostgreSQL keeps these hash functions stable, since its
 * hash partitions and pg_upgrade stand on them.
 */
export const DIGEST = `coalesce(sum(uuid_hash_extended(event_id, uuid_hash_extended(actor,
  hashint8extended((date_part('epoch', occurred_at) * 1000)::bigint, subject_id * 64 + type * 8 + rule)))), 0)`;

const COUNTS = `count(*) filter (where type = 1), count(*) filter (where type = 2), count(*) filter (where type = 3)`;
const SUMS = 'sum(views), sum(true_views), sum(clicks)';
const add = (table: string) =>
  `do update set views = ${table}.views + excluded.views, true_views = ${table}.true_views + excluded.true_views,
     clicks = ${table}.clicks + excluded.clicks`;

/**
 * What counting does to the relation `batch` (of COUNTED_COLUMNS): into every counter and set, in key order, so that two
 * that count at once never wait for each other in a circle. Actors that a set holds already are left out before the
 * insert, since `on conflict` would lock the row of each: most of a batch are such.
 */
export const COUNT_BATCH = `
minute_rows (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks) as materialized (
  select subject_kind, subject_id, ${MINUTE}, traffic, ${COUNTS} from batch group by 1, 2, 3, 4
),
into_minutes as (
  insert into counters_minute (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
  select * from minute_rows order by 1, 2, 3, 4
  on conflict (subject_kind, subject_id, bucket_at, traffic) ${add('counters_minute')}
),
into_quarters as (
  insert into counters_quarter (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
  select subject_kind, subject_id, ${QUARTER}, traffic, ${SUMS} from minute_rows group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict (subject_kind, subject_id, bucket_at, traffic) ${add('counters_quarter')}
),
into_totals as (
  insert into counters_total (subject_kind, subject_id, traffic, views, true_views, clicks)
  select subject_kind, subject_id, traffic, ${SUMS} from minute_rows group by 1, 2, 3 order by 1, 2, 3
  on conflict (subject_kind, subject_id, traffic) ${add('counters_total')}
),
actor_rows (subject_kind, subject_id, bucket_at, actor, seen) as materialized (
  select subject_kind, subject_id, ${QUARTER_OF_EVENT}, actor, bit_or(${SEEN})::int2 from batch group by 1, 2, 3, 4
),
into_actors as (
  insert into actor_quarters (subject_kind, subject_id, bucket_at, actor, seen)
  select * from actor_rows r where not exists (
    select from actor_quarters a where a.subject_kind = r.subject_kind and a.subject_id = r.subject_id
      and a.bucket_at = r.bucket_at and a.actor = r.actor and a.seen | r.seen = a.seen
  ) order by 1, 2, 3, 4
  on conflict (subject_kind, subject_id, bucket_at, actor)
  do update set seen = actor_quarters.seen | excluded.seen where actor_quarters.seen | excluded.seen <> actor_quarters.seen
)`;

/**
 * The seal of what a statement read as `raw` while it `moved` the position. Seals of a partition are a chain without
 * gaps; the last one grows until it is of one full batch, ten minutes old or of more than a week, so that a quiet day costs
 * few rows, and an import of an old log does not stretch the seal of today's events over all the years between.
 */
const SEAL = `
seal as (
  select count(*) as events, ${DIGEST} as digest, min(occurred_at) as first_at, max(occurred_at) as last_at
  from raw having exists (select from moved)
),
grown as (
  update log_seals s set up_to = $4, events = s.events + n.events, digest = s.digest + n.digest,
    first_at = least(s.first_at, n.first_at), last_at = greatest(s.last_at, n.last_at)
  from seal n where s.log = $1 and s.partition = $2 and s.up_to = $3
    and s.after = (select max(after) from log_seals where log = $1 and partition = $2)
    and s.events + n.events <= 5000 and s.sealed_at > clock_timestamp() - interval '10 minutes'
    and greatest(s.last_at, n.last_at) - least(s.first_at, n.first_at) < interval '8 days'
  returning 1
),
sealed as (
  insert into log_seals (log, partition, after, up_to, events, digest, first_at, last_at)
  select $1, $2, $3, $4, events, digest, first_at, last_at from seal where not exists (select from grown)
)`;

/**
 * Counting, whole: position, counters, sets and seal move in one statement, so in one transaction. The position is
 * compared and set first: an aggregator that lost the race updates no row, therefore reads no batch, therefore counts
 * nothing.
 */
const COUNT = `
with moved as (
  update log_positions set position = $4, complete_through = greatest(complete_through, $5),
    updated_at = clock_timestamp()
  where reader = '${AGGREGATOR}' and log = $1 and partition = $2 and position = $3 returning 1
),
raw as materialized (
  select ${READ_COLUMNS} from event_log where lane = $2 and seq > $3 and seq <= $4 and exists (select from moved)
),
batch as materialized (select ${COUNTED_COLUMNS} from raw where ${COUNTABLE}),
${COUNT_BATCH},
parked as (
  insert into dead_letters (origin, reason, detail, payload)
  select 'aggregate', 'unknown_code', 'A newer version wrote a kind or type that this one does not know.',
    jsonb_build_object('event_id', event_id, 'lane', lane, 'seq', seq)
  from raw where not (${COUNTABLE})
),
${SEAL}
select count(*) as events, exists (select from moved) as moved from raw`;

export interface CountedBatch {
  readonly log: string;
  readonly partition: number;
  readonly after: number;
  readonly upTo: number;
  /** Set where the batch reached the end of the log. */
  readonly completeThrough: Date | undefined;
}

/** Returns the number of events counted, or undefined where another aggregator was first. */
export async function countBatch(db: Db, batch: CountedBatch): Promise<number | undefined> {
  failpoint?.('count.before-commit');
  const counted = await countRows(db, batch);
  failpoint?.('count.after-commit');
  return counted;
}

/** As `countBatch`, for a transaction that inserted the rows just before. */
export async function countRows(tx: Db, batch: CountedBatch): Promise<number | undefined> {
  const [row] = await tx.query<{ events: number; moved: boolean }>(
    COUNT,
    [batch.log, batch.partition, batch.after, batch.upTo, batch.completeThrough ?? null],
    'count_batch',
  );
  return row?.moved ? row.events : undefined;
}

/** Moves over one event that cannot be counted, and parks it with its reason, in one transaction. */
export async function parkEvent(db: Db, batch: CountedBatch, reason: string, tries: number): Promise<void> {
  failpoint?.('park.before-commit');
  await db.query(
    `with moved as (
       update log_positions set position = $4, updated_at = clock_timestamp()
       where reader = '${AGGREGATOR}' and log = $1 and partition = $2 and position = $3 returning 1
     ),
     raw as materialized (
       select ${READ_COLUMNS} from event_log where lane = $2 and seq > $3 and seq <= $4 and exists (select from moved)
     ),
     ${SEAL}
     insert into dead_letters (origin, reason, detail, tries, payload)
     select 'aggregate', 'uncountable', $5, $6, jsonb_build_object('event_id', event_id, 'lane', lane, 'seq', seq) from raw`,
    [batch.log, batch.partition, batch.after, batch.upTo, reason, tries],
  );
  failpoint?.('park.after-commit');
}

export interface Position {
  readonly partition: number;
  readonly position: number;
  readonly complete_through: Date;
}

/** Positions of every lane that a writer owns, new ones added at zero. A lane's first instant is its birth: nothing was there before. */
export async function readPositions(db: Db, log: string): Promise<Position[]> {
  return db.query<Position>(
    `with born as (
       insert into log_positions (reader, log, partition, position, complete_through)
       select '${AGGREGATOR}', $1, lane, 0, created_at from log_lanes where source is null on conflict do nothing returning *
     )
     select partition, position, complete_through from born
     union select partition, position, complete_through from log_positions where reader = '${AGGREGATOR}' and log = $1
       and partition in (select lane from log_lanes where source is null)
     order by partition`,
    [log],
    'read_positions',
  );
}

/** While idle: nothing new was there, so the numbers are complete through a later instant. */
export async function markComplete(db: Db, log: string, at: Position, through: Date): Promise<void> {
  await db.query(
    `update log_positions set complete_through = greatest(complete_through, $4), updated_at = clock_timestamp()
     where reader = '${AGGREGATOR}' and log = $1 and partition = $2 and position = $3`,
    [log, at.partition, at.position, through],
    'mark_complete',
  );
}

export interface PipelineState {
  /** Events that are in the log and not yet counted. */
  readonly lag_events: number;
  /** null before the first count. */
  readonly complete_through: Date | null;
  /** Milliseconds from `complete_through` to now. */
  readonly lag_ms: number | null;
  readonly parked: number;
}

/** Where counting stands: for the console's corner, `weir doctor` and /metrics. */
export async function readPipelineState(db: Db, log: string): Promise<PipelineState> {
  const [row] = await db.query<PipelineState>(
    `select coalesce(sum(lag), 0)::int8 as lag_events,
       -- A clock that was set back makes no promise about the future and no negative age.
       case when count(*) > 0 then least(min(complete_through), clock_timestamp()) end as complete_through,
       case when count(*) > 0 then greatest(0, extract(epoch from clock_timestamp() - min(complete_through)) * 1000) end::int8 as lag_ms,
       (select count(*) from dead_letters where replayed_at is null) as parked
     from (
       select p.complete_through, (
         select count(*) from (
           select from event_log e where e.lane = p.partition and e.seq > p.position limit 1000000
         ) as waiting
       ) as lag
       from log_positions p where p.reader = '${AGGREGATOR}' and p.log = $1
     ) as lanes`,
    [log],
    'pipeline_state',
  );
  return row!;
}

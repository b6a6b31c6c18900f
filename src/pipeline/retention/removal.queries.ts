import type { Db } from '../../db/pool.ts';
import { COUNTABLE, DIGEST, MINUTE, QUARTER, QUARTER_OF_EVENT, SEEN } from '../aggregate/index.ts';
import { type Reach, SEALED_SETS_DIGEST, SEALED_SUMS_HASH } from '../verify/index.ts';

/** Events that were counted, of a relation `rows` that is about to go: those that wait parked are in no number yet. */
const countedOf = (rows: string) => `
  select e.* from ${rows} e where ${COUNTABLE} and not exists (
    select from dead_letters d where d.origin = 'aggregate' and d.replayed_at is null
      and d.payload ->> 'event_id' = e.event_id::text
  )`;

export interface DuePartition {
  readonly name: string;
  readonly day: number;
}

/** Partitions whose ids nobody may send any more, oldest first. */
export function listDuePartitions(db: Db, before: number): Promise<DuePartition[]> {
  return db.query<DuePartition>(
    `select name, day from (
       select c.relname as name, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'FROM \\((?:'')?(-?\\d+)'))[1]::int as day
       from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'event_log'::regclass
     ) as partitions where day >= 0 and day < $1 order by day`,
    [before],
  );
}

/** Before any row is locked: a recount of the raw store beside the log holds every removal back until it ends. */
export async function awaitRecount(tx: Db): Promise<void> {
  await tx.query('lock table sealed_parts in row exclusive mode');
}

/** Copies the oldest `limit` events of the undated partition that were received before then into the table `going`. */
export async function pickUndated(tx: Db, before: Date, limit: number): Promise<number> {
  await tx.query('create temp table going on commit drop as select * from event_log_undated limit 0');
  const [row] = await tx.query<{ picked: number }>(
    `with picked as (
       insert into going select * from event_log_undated where received_at < $1 order by received_at, event_id limit $2
       returning 1
     ) select count(*) as picked from picked`,
    [before, limit],
  );
  await tx.query('create index on going (lane, seq)');
  return row!.picked;
}

/** True where a reader of the log still has to see some of these rows. */
export async function isStillRead(db: Db, rows: string): Promise<boolean> {
  const [row] = await db.query<{ waiting: boolean }>(
    `select exists (
       select from (select lane, max(seq) as last from ${rows} group by lane) as ends
       where not exists (select from log_positions p where p.log = 'postgres' and p.partition = ends.lane)
         or exists (select from log_positions p where p.log = 'postgres' and p.partition = ends.lane and p.position < ends.last)
     ) as waiting`,
  );
  return row!.waiting;
}

/** Which stretch of each lane, and which days, these rows are of. */
export async function findReach(db: Db, rows: string): Promise<Reach> {
  const lanes = await db.query<{ lane: number; after: number; up_to: number }>(
    `select lane, min(seq) - 1 as after, max(seq) as up_to from ${rows} group by lane order by lane`,
  );
  const days = await db.query<{ day: Date }>(
    `select distinct date_bin('1 day', occurred_at, 'epoch') as day from ${rows} order by 1`,
  );
  return { lanes, days: days.map((row) => row.day) };
}

/**
 * Marks in the sets what they will rest on no raw row for. Until the rows are gone it only says again what they say, so
 * it may run, and run again, in a transaction of its own before the removal.
 */
export async function sealSets(tx: Db, rows: string): Promise<void> {
  await tx.query(
    `with seen as (
       select subject_kind, subject_id, ${QUARTER_OF_EVENT} as bucket_at, actor, bit_or(${SEEN})::int2 as seen
       from (select *, (rule <> 0)::int as traffic from (${countedOf(rows)}) as counted) as batch group by 1, 2, 3, 4
     )
     update actor_quarters a set sealed_seen = a.sealed_seen | s.seen from seen s
     where (a.subject_kind, a.subject_id, a.bucket_at, a.actor) = (s.subject_kind, s.subject_id, s.bucket_at, s.actor)
       and a.sealed_seen | s.seen <> a.sealed_seen`,
  );
  await tx.query(
    `insert into sealed_sets (day, actors, digest)
     select day, count(*), ${SEALED_SETS_DIGEST} from (
       select distinct (extract(epoch from date_bin('1 day', occurred_at, 'epoch')) / 86400)::int as day from ${rows}
     ) as days join actor_quarters on sealed_seen <> 0
       and bucket_at >= to_timestamp(day * 86400.0) and bucket_at < to_timestamp(day * 86400.0 + 86400)
     group by day
     on conflict (day) do update set actors = excluded.actors, digest = excluded.digest`,
  );
}

/** The sums of these rows under a hash. */
export async function sealSums(
  tx: Db,
  rows: string,
  day: number,
): Promise<{ readonly id: number; readonly events: number }> {
  await tx.query(
    `create temp table going_minutes on commit drop as
     select subject_kind, subject_id, ${MINUTE} as bucket_at, (rule <> 0)::int::int2 as traffic,
       count(*) filter (where type = 1)::int as views, count(*) filter (where type = 2)::int as true_views,
       count(*) filter (where type = 3)::int as clicks
     from (${countedOf(rows)}) as counted group by 1, 2, 3, 4`,
  );
  const [part] = await tx.query<{ id: number; events: number }>(
    `insert into sealed_parts (day, events, first_at, last_at, digest, hash)
     select $1, count(*), min(occurred_at), max(occurred_at), ${DIGEST}, '' from ${rows} returning id, events`,
    [day],
  );
  await tx.query(
    `insert into sealed_quarters (part, subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
     select $1, subject_kind, subject_id, ${QUARTER}, traffic, sum(views), sum(true_views), sum(clicks)
     from going_minutes group by 2, 3, 4, 5`,
    [part!.id],
  );
  await tx.query(
    `update sealed_parts set hash = (select ${SEALED_SUMS_HASH} from sealed_quarters where part = $1) where id = $1`,
    [part!.id],
  );
  return part!;
}

/** Takes these rows' share out of the seals of the log, which from now on speak of the rows that stay. */
export async function subtractFromSeals(tx: Db, rows: string, reach: Reach): Promise<void> {
  for (const { lane, after, up_to } of reach.lanes) {
    await tx.query(
      `update log_seals s set events = s.events - share.events, digest = s.digest - share.digest
       from (
         select s.after, share.* from log_seals s, lateral (
           select count(*) as events, ${DIGEST} as digest from ${rows} e
           where e.lane = $1 and e.seq > s.after and e.seq <= s.up_to
         ) as share
         where s.log = 'postgres' and s.partition = $1 and s.after < $3 and s.up_to > $2 and share.events > 0
       ) as share
       where s.log = 'postgres' and s.partition = $1 and s.after = share.after`,
      [lane, after, up_to],
    );
    await mergeEmptySeals(tx, lane);
    await tx.query('update log_lanes set floor_seq = greatest(floor_seq, $2) where lane = $1', [lane, up_to]);
  }
}

/** Neighbours that have no row left become one, so that seals do not outgrow what they seal. */
async function mergeEmptySeals(tx: Db, lane: number): Promise<void> {
  await tx.query(
    `with runs as (
       select after, up_to, row_number() over (order by after) - row_number() over (partition by events = 0 order by after) as run, events
       from log_seals where log = 'postgres' and partition = $1
     ), merged as (
       select min(after) as after, max(up_to) as up_to from runs where events = 0 group by run having count(*) > 1
     ), gone as (
       delete from log_seals s using merged m
       where s.log = 'postgres' and s.partition = $1 and s.after > m.after and s.up_to <= m.up_to
     )
     update log_seals s set up_to = m.up_to, first_at = null, last_at = null from merged m
     where s.log = 'postgres' and s.partition = $1 and s.after = m.after`,
    [lane],
  );
}

/**
 * Minutes that now have no raw row go; those that keep some remember what they lost. A minute that is counted into just
 * now is looked at again by PostgreSQL before it is deleted, and stays.
 */
export async function sealMinutes(tx: Db, part: number): Promise<void> {
  await tx.query(
    `create temp table gone_minutes (subject_kind int2, subject_id int8, bucket_at timestamptz, traffic int2) on commit drop`,
  );
  await tx.query(
    `with gone as (
       delete from counters_minute m using going_minutes g left join sealed_minutes s using (subject_kind, subject_id, bucket_at, traffic)
       where (m.subject_kind, m.subject_id, m.bucket_at, m.traffic) = (g.subject_kind, g.subject_id, g.bucket_at, g.traffic)
         and m.views = g.views + coalesce(s.views, 0) and m.true_views = g.true_views + coalesce(s.true_views, 0)
         and m.clicks = g.clicks + coalesce(s.clicks, 0)
       returning m.subject_kind, m.subject_id, m.bucket_at, m.traffic
     ) insert into gone_minutes select * from gone`,
  );
  await tx.query(
    `delete from sealed_minutes s using gone_minutes g
     where (s.subject_kind, s.subject_id, s.bucket_at, s.traffic) = (g.subject_kind, g.subject_id, g.bucket_at, g.traffic)`,
  );
  await tx.query(
    `update sealed_quarters q set minutes_gone = true
     from (select distinct subject_kind, subject_id, ${QUARTER} as bucket_at from gone_minutes) as g
     where q.part = $1 and (q.subject_kind, q.subject_id, q.bucket_at) = (g.subject_kind, g.subject_id, g.bucket_at)`,
    [part],
  );
  await tx.query(
    `insert into sealed_minutes (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
     select subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks from going_minutes g
     where not exists (select from gone_minutes o
       where (o.subject_kind, o.subject_id, o.bucket_at, o.traffic) = (g.subject_kind, g.subject_id, g.bucket_at, g.traffic))
     on conflict (subject_kind, subject_id, bucket_at, traffic) do update set views = sealed_minutes.views + excluded.views,
       true_views = sealed_minutes.true_views + excluded.true_views, clicks = sealed_minutes.clicks + excluded.clicks`,
  );
}

/** What waits parked takes along what counting it needs: its raw row is about to go. */
export async function keepParked(tx: Db, rows: string): Promise<void> {
  await tx.query(
    `update dead_letters d set payload = d.payload || jsonb_build_object('event', jsonb_build_object(
       'subject_kind', e.subject_kind, 'subject_id', e.subject_id, 'actor', e.actor, 'type', e.type, 'rule', e.rule,
       'occurred_at', e.occurred_at))
     from ${rows} e where d.origin = 'aggregate' and d.replayed_at is null and d.payload ->> 'event_id' = e.event_id::text`,
  );
}

/** Refuses new rows to a partition until this transaction ends. */
export async function lockRows(tx: Db, partition: string): Promise<void> {
  await tx.query(`lock table ${partition} in share mode`);
}

/** Needs the whole log for an instant; the short timeout keeps those who come behind from waiting for one who reads long. */
export async function dropPartition(tx: Db, partition: string): Promise<void> {
  await tx.query(`set local lock_timeout = '200ms'`);
  await tx.query(`alter table event_log detach partition ${partition}`);
  await tx.query(`drop table ${partition}`);
}

export async function deleteUndated(tx: Db): Promise<void> {
  await tx.query(
    'delete from event_log_undated u using going g where u.event_id = g.event_id and u.day = g.day',
  );
}

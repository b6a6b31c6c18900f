import type { Db } from '../../db/pool.ts';
import { AGGREGATOR, DIGEST } from '../aggregate/index.ts';

/** The digest of what retention sealed of the sets: as DIGEST, over rows of `actor_quarters`. */
export const SEALED_SETS_DIGEST = `coalesce(sum(uuid_hash_extended(actor,
  hashint8extended(extract(epoch from bucket_at)::bigint, subject_id * 256 + subject_kind * 64 + sealed_seen))::numeric), 0)`;

/** SHA-256 of a part's sealed sums, in the order of their key. */
export const SEALED_SUMS_HASH = `sha256(coalesce(string_agg(format('%s %s %s %s %s %s %s', subject_kind, subject_id,
  extract(epoch from bucket_at)::bigint, traffic, views, true_views, clicks), E'\\n'
  order by subject_kind, subject_id, bucket_at, traffic), '')::bytea)`;

/** A stretch of the log as the aggregator counted it, against the raw rows that are there now. */
export interface SealCheck {
  readonly partition: number;
  readonly after: number;
  readonly up_to: number;
  /** Counted then, found now. */
  readonly events: number;
  readonly found: number;
  readonly ok: boolean;
  /** Of `occurred_at`, of what was counted and of what is found; null where there is nothing. */
  readonly first_at: Date | null;
  readonly last_at: Date | null;
}

const CHECK = `
  select s.partition, s.after, s.up_to, s.events, r.events as found, s.events = r.events and s.digest = r.digest as ok,
    least(s.first_at, r.first_at) as first_at, greatest(s.last_at, r.last_at) as last_at
  from picked s, lateral (
    select count(*) as events, ${DIGEST} as digest, min(occurred_at) as first_at, max(occurred_at) as last_at
    from event_log e where e.lane = s.partition and e.seq > s.after and e.seq <= s.up_to
  ) r order by s.after`;

/** The next seals of a lane from `after` on. */
export function checkSealsAfter(
  db: Db,
  partition: number,
  after: number,
  limit: number,
): Promise<SealCheck[]> {
  return db.query(
    `with picked as (
       select * from log_seals where log = 'postgres' and partition = $1 and after >= $2 order by after limit $3
     ) ${CHECK}`,
    [partition, after, limit],
  );
}

/** Seals that a range of `seq` touches. */
export function checkSealsOver(db: Db, partition: number, after: number, upTo: number): Promise<SealCheck[]> {
  return db.query(
    `with picked as (
       select * from log_seals where log = 'postgres' and partition = $1 and after < $3 and up_to > $2
     ) ${CHECK}`,
    [partition, after, upTo],
  );
}

/** Seals of events that are about any of [from, to). */
export function checkSealsAbout(db: Db, from: Date, to: Date): Promise<SealCheck[]> {
  return db.query(
    `with picked as (
       select * from log_seals where log = 'postgres' and last_at >= $1 and first_at < $2
     ) ${CHECK}`,
    [from, to],
  );
}

/** Where the seals made since then begin, or undefined where there are none. */
export async function findRecentSeal(db: Db, partition: number, since: Date): Promise<number | undefined> {
  const [row] = await db.query<{ after: number | null }>(
    `select after from log_seals where log = 'postgres' and partition = $1 and sealed_at < $2 order by after desc limit 1`,
    [partition, since],
  );
  if (row) return row.after ?? undefined;
  const [first] = await db.query<{ after: number }>(
    `select after from log_seals where log = 'postgres' and partition = $1 order by after limit 1`,
    [partition],
  );
  return first?.after;
}

export interface LaneEnd {
  readonly lane: number;
  /** How far it is counted. */
  readonly position: number;
}

export function listLaneEnds(db: Db): Promise<LaneEnd[]> {
  return db.query<LaneEnd>(
    `select lane, coalesce(position, 0) as position from log_lanes l
     left join log_positions p on p.reader = '${AGGREGATOR}' and p.log = 'postgres' and p.partition = l.lane order by lane`,
  );
}

/** Raw rows where no writer can have put them: on no lane, or before a lane's first position. */
export async function countStrays(db: Db): Promise<number> {
  const [row] = await db.query<{ strays: number }>(
    `select (select count(*) from event_log where lane < 1 or lane > (select coalesce(max(lane), 0) from log_lanes))
       + (select coalesce(sum(n), 0) from log_lanes l, lateral (
           select count(*) as n from event_log e where e.lane = l.lane and e.seq <= 0) as before) as strays`,
  );
  return row!.strays;
}

/** Sealed sums, or the sealed part of a day's sets, whose rows no longer give their hash. */
export interface BrokenSealed {
  readonly what: 'sums' | 'sets';
  readonly first_at: Date;
  readonly last_at: Date;
}

/** Parts that are about any of [from, to). */
export function findBrokenSums(db: Db, from: Date, to: Date): Promise<BrokenSealed[]> {
  return db.query<BrokenSealed>(
    `select 'sums' as what, first_at, last_at from sealed_parts p
     where last_at >= $1 and first_at < $2
       and hash <> (select ${SEALED_SUMS_HASH} from sealed_quarters q where q.part = p.id) order by id`,
    [from, to],
  );
}

/** `from` is the midnight (UTC) that the day begins with. */
export function findBrokenSets(db: Db, from: Date, to: Date): Promise<BrokenSealed[]> {
  return db.query<BrokenSealed>(
    `select 'sets' as what, $1::timestamptz as first_at, $2::timestamptz as last_at
     from (
       select count(*) as actors, ${SEALED_SETS_DIGEST} as digest from actor_quarters
       where bucket_at >= $1 and bucket_at < $2 and sealed_seen <> 0
     ) as now left join sealed_sets d on d.day = (extract(epoch from $1::timestamptz) / 86400)::int
     where (now.actors, now.digest) is distinct from (coalesce(d.actors, 0), coalesce(d.digest, 0))`,
    [from, to],
  );
}

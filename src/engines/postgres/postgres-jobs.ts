import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/pool.ts';
import { type JobQueue, type KindState, LEASE_MS, type LeasedJob, MAX_TRIES } from '../../ports/job-queue.ts';

const LEASE = `interval '${LEASE_MS} milliseconds'`;
const DIED = `its worker ended, or lost its lease, at each of ${MAX_TRIES} tries`;

/**
 * Jobs in PostgreSQL, by the database's clock. A claim is a lease: `run_at` moves to its end, so that a job whose worker
 * died is due again by itself. Polled and not notified: NOTIFY makes commits wait for each other.
 */
export function createPostgresJobs(db: Db): JobQueue {
  return {
    claim: (slots) => claimJobs(db, [...slots.keys()], [...slots.values()]),
    extend: (jobs) => extendLeases(db, jobs),
    complete: async (jobs) => void (await completeJobs(db, jobs)),
    fail: async (job, reason, delayMs) => void (await failJob(db, job, reason, delayMs)),
    readState: () => readState(db),
    listParked: ({ kind, afterId, limit }) =>
      db.query(
        `select id, kind, payload, tries, coalesce(last_error, '') as reason, created_at, parked_at from jobs
         where parked_at is not null and ($1::text is null or kind = $1) and id > $2 order by id limit $3`,
        [kind ?? null, afterId ?? 0, limit],
      ),
    retry: (ids) => retryJobs(db, ids),
    discard: async (ids) =>
      (
        await db.query(
          'delete from jobs where parked_at is not null and id = any($1::bigint[]) returning 1',
          [ids],
        )
      ).length,
  };
}

/** A lease that ends later than any lease can was given before the clock was set back: it is over. */
async function claimJobs(db: Db, kinds: readonly string[], slots: readonly number[]): Promise<LeasedJob[]> {
  return db.query<LeasedJob>(
    `with due as (
       select job.id, job.tries
       from unnest($1::text[], $2::int[]) as want(kind, slots)
       cross join lateral (
         select id, tries from jobs
         where kind = want.kind and parked_at is null and run_at <= now()
         order by run_at limit want.slots for update skip locked
       ) as job
     ), too_long as (
       update jobs set run_at = now() where lease is not null and run_at > now() + 2 * ${LEASE}
     ), parked as (
       update jobs set parked_at = now(), lease = null, last_error = coalesce(last_error || '; then ', '') || $4
       where id in (select id from due where tries >= ${MAX_TRIES})
     )
     update jobs set tries = tries + 1, lease = $3, run_at = now() + ${LEASE}
     where id in (select id from due where tries < ${MAX_TRIES})
     returning id, kind, payload, tries as attempt, lease`,
    [kinds, slots, randomUUID(), DIED],
    'claim_jobs',
  );
}

async function extendLeases(db: Db, jobs: readonly LeasedJob[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ id: number }>(
    `update jobs set run_at = now() + ${LEASE}
     from unnest($1::bigint[], $2::uuid[]) as held(id, lease) where jobs.id = held.id and jobs.lease = held.lease
     returning jobs.id`,
    leases(jobs),
    'extend_leases',
  );
  return new Set(rows.map((row) => row.id));
}

function completeJobs(db: Db, jobs: readonly LeasedJob[]): Promise<unknown> {
  return db.query(
    `delete from jobs using unnest($1::bigint[], $2::uuid[]) as held(id, lease)
     where jobs.id = held.id and jobs.lease = held.lease`,
    leases(jobs),
    'complete_jobs',
  );
}

function failJob(db: Db, job: LeasedJob, reason: string, delayMs: number | undefined): Promise<unknown> {
  return db.query(
    `update jobs set lease = null, last_error = $3,
       run_at = now() + coalesce($4::float8, 0) * interval '1 millisecond',
       parked_at = case when $4::float8 is null or tries >= ${MAX_TRIES} then now() end
     where id = $1 and lease = $2`,
    [job.id, job.lease, reason, delayMs ?? null],
    'fail_job',
  );
}

/** Without its key: another job may wait under it by now. */
async function retryJobs(db: Db, ids: readonly number[] | undefined): Promise<number> {
  const rows = await db.query(
    `update jobs set parked_at = null, tries = 0, key = null, run_at = now()
     where parked_at is not null and ($1::bigint[] is null or id = any($1)) returning 1`,
    [ids ?? null],
  );
  return rows.length;
}

function readState(db: Db): Promise<KindState[]> {
  return db.query<KindState>(
    `select kind,
       (count(*) filter (where parked_at is null and lease is null and run_at <= now()
         or lease is not null and run_at <= now()))::int as waiting,
       (count(*) filter (where lease is not null and run_at > now()))::int as running,
       (count(*) filter (where parked_at is null and lease is null and run_at > now()))::int as later,
       (count(*) filter (where parked_at is not null))::int as parked,
       (extract(epoch from now() - min(run_at) filter (where parked_at is null and run_at <= now())) * 1000)::int
         as oldest_ms
     from jobs group by kind order by kind`,
  );
}

function leases(jobs: readonly LeasedJob[]): [number[], string[]] {
  return [jobs.map((job) => job.id), jobs.map((job) => job.lease)];
}

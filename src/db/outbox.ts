import type { NewJob } from '../events/jobs.ts';
import type { Db } from './pool.ts';

/**
 * For statements that insert into `jobs` beside their own rows. The row that waits under the key is locked, not only seen:
 * otherwise a worker could take it, and read what is about to change, before this transaction commits.
 */
export const JOINS_WAITING =
  'on conflict (kind, key) where tries = 0 do update set run_at = least(jobs.run_at, excluded.run_at)';

/** Writes jobs in the caller's transaction: they are there exactly where what they are about is. */
export async function enqueue(tx: Db, jobs: readonly NewJob[]): Promise<void> {
  const distinct = withoutDoubles(jobs);
  if (distinct.length === 0) return;
  await tx.query(
    `insert into jobs (kind, payload, run_at, key)
     select kind, payload::jsonb, coalesce(run_at, now()), key
     from unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) as job(kind, payload, run_at, key)
     order by kind, key
     ${JOINS_WAITING}`,
    [
      distinct.map((job) => job.kind),
      distinct.map((job) => JSON.stringify(job.payload)),
      distinct.map((job) => job.runAt ?? null),
      distinct.map((job) => job.key ?? null),
    ],
    'enqueue_jobs',
  );
}

/** One statement may not meet its own row again. */
function withoutDoubles(jobs: readonly NewJob[]): readonly NewJob[] {
  const byKey = new Map<string, NewJob>();
  const others: NewJob[] = [];
  for (const job of jobs) {
    if (job.key === undefined) others.push(job);
    else {
      const name = `${job.kind} ${job.key}`;
      const first = byKey.get(name);
      if (!first || dueAt(job) < dueAt(first)) byKey.set(name, job);
    }
  }
  return [...others, ...byKey.values()];
}

function dueAt({ runAt }: NewJob): number {
  return runAt?.getTime() ?? Number.NEGATIVE_INFINITY;
}

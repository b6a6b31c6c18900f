import { Cron } from 'croner';
import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import type { JobKind, JobPayloads, NewJob, Scheduled } from '../../events/jobs.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import { lockSchedule, moveSchedule } from './schedules.queries.ts';

type ScheduledKind = { [K in JobKind]: JobPayloads[K] extends Scheduled ? K : never }[JobKind];

export interface Schedule {
  /** Never used again for another one: the database remembers how far it ran. */
  readonly name: string;
  readonly kind: ScheduledKind;
  /** Five fields, or six with seconds first. */
  readonly cron: string;
  /** Of occurrences that nobody was there for: only the latest becomes a job, or each. */
  readonly missed: 'latest' | 'each';
}

export interface ScheduleDeps {
  readonly db: Db;
  /** IANA zone that the fields of `cron` are in. */
  readonly timeZone: string;
  readonly logger: Logger;
}

export interface Scheduler {
  readonly close: () => Promise<void>;
}

const TICK_MS = 1_000;
/** The database's clock counts, and it may go otherwise than ours. */
const LOOK_AT_LEAST_MS = 60_000;
/** Of `each`: more than so many at once are left to the next tick. */
const MOST_AT_ONCE = 100;

/** Turns occurrences into jobs until closed, each once, however many processes do so. */
export function startSchedules(schedules: readonly Schedule[], deps: ScheduleDeps): Scheduler {
  const stop = new AbortController();
  const lookAt = new Map<Schedule, number>();
  const look = async (schedule: Schedule) => {
    const now = Date.now();
    if (now < (lookAt.get(schedule) ?? 0)) return;
    await runSchedule(schedule, deps);
    const next = new Cron(schedule.cron, { timezone: deps.timeZone }).nextRun(new Date(now));
    lookAt.set(schedule, Math.min(next?.getTime() ?? Number.POSITIVE_INFINITY, now + LOOK_AT_LEAST_MS));
  };
  const running = (async () => {
    while (!stop.signal.aborted) {
      for (const schedule of schedules) {
        await look(schedule).catch((error: unknown) => {
          deps.logger.warn({ err: error, schedule: schedule.name }, 'a schedule waits for its database');
        });
      }
      await sleep(TICK_MS, stop.signal);
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await running;
    },
  };
}

/** Makes the jobs of occurrences that passed since the last call, by the database's clock. Returns how many. */
export function runSchedule(
  { name, kind, cron, missed }: Schedule,
  { db, timeZone }: Pick<ScheduleDeps, 'db' | 'timeZone'>,
): Promise<number> {
  return db.transaction(async (tx) => {
    const place = await lockSchedule(tx, name);
    if (!place) return 0;
    const due = listOccurrences(cron, timeZone, place.ran_to, place.now);
    const last = due.at(-1);
    if (last === undefined) return 0;
    const jobs = (missed === 'latest' ? [last] : due).map(
      (at): NewJob => ({ kind, payload: { scheduled_at: at.toISOString() } }),
    );
    await enqueue(tx, jobs);
    await moveSchedule(tx, name, last);
    return jobs.length;
  });
}

/** Occurrences in (after, until], the earliest first. */
function listOccurrences(cron: string, timezone: string, after: Date, until: Date): Date[] {
  const rule = new Cron(cron, { timezone });
  const found: Date[] = [];
  for (let at = rule.nextRun(after); at !== null && at <= until; at = rule.nextRun(at)) {
    found.push(at);
    if (found.length === MOST_AT_ONCE) break;
  }
  return found;
}

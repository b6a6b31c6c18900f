import type { JobKind, JobPayloads } from '../../events/jobs.ts';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import { systemTimers, type Timers } from '../../kit/wait.ts';
import { type JobQueue, LEASE_MS, type LeasedJob } from '../../ports/job-queue.ts';

export interface JobContext {
  readonly jobId: number;
  /** Which try this is, from 1. */
  readonly attempt: number;
  /** Aborts where the lease was lost, or the process stops and will not wait longer: nothing may be begun after it. */
  readonly signal: AbortSignal;
}

/**
 * Does one job. It may be done again after it was done: its effects must be the same as once. Rejects where it is to be
 * tried again; with an AppError below 500, or an EngineError that is not retryable, where no further try can help.
 */
export type JobHandler<K extends JobKind> = (payload: JobPayloads[K], context: JobContext) => Promise<void>;

export type JobHandlers = {
  readonly [K in JobKind]?: {
    readonly run: JobHandler<K>;
    /** How many of them one process does at once. */
    readonly atOnce: number;
  };
};

export interface JobsDeps {
  readonly queue: JobQueue;
  readonly handlers: JobHandlers;
  readonly logger: Logger;
  /** [0, 1). */
  readonly random: () => number;
  /** Real ones unless a simulation owns time. */
  readonly timers?: Timers;
  readonly clock?: Clock;
}

export interface JobRunner {
  /** Takes nothing more, waits for what runs, and gives up on it after some seconds: its lease ends by itself. */
  readonly close: () => Promise<void>;
}

const IDLE_MS = 200;
const TROUBLE_MS = 1_000;
const HEARTBEAT_MS = LEASE_MS / 3;
const STOP_MS = 8_000;
const FIRST_DELAY_MS = 1_000;

/** 1 s · 4ⁿ ± 50 % after try n + 1: 1, 4, 16, 64 s. The spread keeps what failed together from coming back together. */
export function retryDelayMs(attempt: number, random: number): number {
  return FIRST_DELAY_MS * 4 ** (attempt - 1) * (0.5 + random);
}

/** Does due jobs until closed; engine trouble is waited out. Any number of processes may run it. */
export function startJobs(deps: JobsDeps): JobRunner {
  const { queue, handlers, logger, random, timers = systemTimers, clock = systemClock } = deps;
  const stop = new AbortController();
  let givenUp = false;
  const running = new Set<Running>();
  const free = new Map(
    (Object.keys(handlers) as JobKind[]).map((kind) => [kind, handlers[kind]!.atOnce] as const),
  );
  const done: LeasedJob[] = [];
  let striking: Promise<void> | undefined;
  let freed: (() => void) | undefined;

  async function loop(): Promise<void> {
    let heartbeatAt = clock.monotonicMs() + HEARTBEAT_MS;
    while (!stop.signal.aborted || running.size > 0) {
      if (givenUp) return;
      try {
        if (clock.monotonicMs() >= heartbeatAt) {
          await prolong();
          heartbeatAt = clock.monotonicMs() + HEARTBEAT_MS;
        }
        const taken = stop.signal.aborted ? 0 : await take();
        if (taken === 0) await rest(IDLE_MS);
      } catch (error) {
        logger.warn({ err: error }, 'jobs wait for their queue');
        await rest(TROUBLE_MS);
      }
    }
  }

  /** Ends early when a job does: its slot can be filled. */
  async function rest(ms: number): Promise<void> {
    const woken = new AbortController();
    freed = () => woken.abort();
    await timers.sleep(ms, woken.signal);
    freed = undefined;
  }

  async function take(): Promise<number> {
    const slots = new Map([...free].filter(([, count]) => count > 0));
    if (slots.size === 0) return 0;
    const jobs = await queue.claim(slots);
    if (jobs.length > 0) failpoint?.('job.after-claim');
    for (const job of jobs) start(job);
    return jobs.length;
  }

  function start(job: LeasedJob): void {
    const lost = new AbortController();
    // Not by its id: one whose lease was lost may be handed out to this very process again, while it still runs.
    const one = { job, lost };
    free.set(job.kind, free.get(job.kind)! - 1);
    running.add(one);
    void work(job, lost.signal).finally(() => {
      running.delete(one);
      free.set(job.kind, free.get(job.kind)! + 1);
      freed?.();
    });
  }

  async function work(job: LeasedJob, signal: AbortSignal): Promise<void> {
    const context: JobContext = { jobId: job.id, attempt: job.attempt, signal };
    try {
      await (handlers[job.kind]!.run as JobHandler<JobKind>)(job.payload, context);
    } catch (error) {
      if (!signal.aborted) await note(job, error);
      return;
    }
    failpoint?.('job.before-complete');
    done.push(job);
    striking ??= strikeOff();
    await striking;
  }

  /** What ends while others are struck off goes with the next statement. */
  async function strikeOff(): Promise<void> {
    while (done.length > 0) {
      const jobs = done.splice(0);
      // Where it fails the lease ends, and the job is done again: to the same effect.
      await queue.complete(jobs).catch((error: unknown) => {
        logger.warn({ err: error, jobs: jobs.length }, 'jobs that are done could not be struck off');
      });
      failpoint?.('job.after-complete');
    }
    // In the same turn as the look at `done`: what ends later begins anew.
    striking = undefined;
  }

  async function note(job: LeasedJob, error: unknown): Promise<void> {
    logger.warn({ err: error, job: job.id, kind: job.kind, attempt: job.attempt }, 'a job failed');
    const reason = error instanceof Error ? error.message : String(error);
    const delay = isHopeless(error) ? undefined : retryDelayMs(job.attempt, random());
    await queue.fail(job, reason, delay).catch((trouble: unknown) => {
      logger.warn({ err: trouble, job: job.id }, 'a failed job waits for the end of its lease');
    });
  }

  function giveUp(): void {
    givenUp = true;
    for (const { lost } of running) lost.abort();
    freed?.();
  }

  async function prolong(): Promise<void> {
    if (running.size === 0) return;
    const asked = [...running].filter(({ lost }) => !lost.signal.aborted);
    const held = await queue.extend(asked.map((one) => one.job));
    for (const { job, lost } of asked) if (!held.has(job.id)) lost.abort();
  }

  const looping = loop();
  return {
    close: async () => {
      stop.abort();
      freed?.();
      const ended = new AbortController();
      const limit = timers.sleep(STOP_MS, ended.signal).then(() => ended.signal.aborted || giveUp());
      await looping;
      ended.abort();
      await limit;
    },
  };
}

function isHopeless(error: unknown): boolean {
  return (
    (error instanceof AppError && error.status < 500) || (error instanceof EngineError && !error.retryable)
  );
}

interface Running {
  readonly job: LeasedJob;
  /** Aborts when the lease was lost, or the process waits no longer. */
  readonly lost: AbortController;
}

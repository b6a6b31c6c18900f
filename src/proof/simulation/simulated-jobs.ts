import { EngineError } from '../../kit/errors.ts';
import { type JobQueue, LEASE_MS, type LeasedJob, MAX_TRIES } from '../../ports/job-queue.ts';
import type { Draw } from './run-plan.ts';
import type { Life, VirtualTime } from './virtual-time.ts';

/** Mistakes of a queue that can be planted into a run of jobs. */
export const JOB_FAULTS = {
  'short-lease': 'a lease ends although it was prolonged',
  'dropped-job': 'a job that failed is forgotten',
  'endless-tries': 'a try is not counted',
  'early-retry': 'a failed job comes again at once',
  'stale-holder': 'who lost the lease may still strike the job off',
} as const;
export type JobFault = keyof typeof JOB_FAULTS;

export interface SimulatedJob {
  readonly id: number;
  runAt: number;
  tries: number;
  lease: string | undefined;
  /** Who holds it, for the judgement alone. */
  holder: Life | undefined;
  failedAt: number | undefined;
  parked: boolean;
}

export interface JobsState {
  readonly jobs: Map<number, SimulatedJob>;
  readonly effects: Set<number>;
  readonly violations: string[];
  /** Jobs whose handler runs, by the lease that it was given. */
  readonly working: Map<string, { readonly jobId: number; readonly life: Life }>;
  leases: number;
  /** How often each job was handed out. */
  readonly claims: Map<number, number>;
  /** Until when nothing of a worker comes through. */
  readonly cutOff: Map<Life, number>;
}

interface QueueDeps {
  readonly state: JobsState;
  readonly time: VirtualTime;
  readonly life: Life;
  readonly draw: Draw;
  /** Shares of calls: lost before they were done, and done with the answer lost. */
  readonly weather: { readonly refused: number; readonly lost: number };
  readonly fault: JobFault | undefined;
}

/** What the statements of PostgreSQL's queue do, over a network that loses calls and answers. */
export function createSimulatedJobs(deps: QueueDeps): JobQueue {
  const { state, time, life, draw, weather, fault } = deps;

  function call<T>(operation: string, work: () => T): Promise<T> {
    const trouble = (mayHaveHappened: boolean) =>
      new EngineError({ engine: 'simulated', operation, retryable: true, mayHaveHappened, cause: 'lost' });
    return new Promise((resolve, reject) => {
      const answer = (act: () => void) => time.after(draw.between(1, 20), () => life.alive && act());
      const wait = Math.max(0, (state.cutOff.get(life) ?? 0) - time.now());
      time.after(wait + draw.between(1, 20), () => {
        if (!life.alive || draw.chance(weather.refused)) return void answer(() => reject(trouble(false)));
        const result = work();
        answer(() => (draw.chance(weather.lost) ? reject(trouble(true)) : resolve(result)));
      });
    });
  }
  const isHeld = (job: LeasedJob) => state.jobs.get(job.id)?.lease === job.lease || fault === 'stale-holder';

  return {
    claim: (slots) =>
      call('claim', () => {
        const most = [...slots.values()].reduce((sum, count) => sum + count, 0);
        const due = [...state.jobs.values()].filter((job) => !job.parked && job.runAt <= time.now());
        return due.slice(0, most).flatMap((job) => claimOne(job));
      }),
    extend: (jobs) =>
      call('extend', () => {
        const held = jobs.filter((job) => state.jobs.get(job.id)?.lease === job.lease);
        if (fault !== 'short-lease')
          for (const { id } of held) state.jobs.get(id)!.runAt = time.now() + LEASE_MS;
        return new Set(held.map((job) => job.id));
      }),
    complete: (jobs) =>
      call('complete', () => {
        for (const job of jobs) {
          if (!isHeld(job)) continue;
          if (!state.effects.has(job.id))
            state.violations.push(`job ${job.id} was struck off without its effect`);
          if (state.jobs.get(job.id)?.lease !== job.lease && state.jobs.has(job.id))
            state.violations.push(`job ${job.id} was struck off by who does not hold it`);
          state.jobs.delete(job.id);
        }
      }),
    fail: (job, _reason, delayMs) =>
      call('fail', () => {
        const found = state.jobs.get(job.id);
        if (!found || found.lease !== job.lease) return;
        if (fault === 'dropped-job') return void state.jobs.delete(job.id);
        found.lease = undefined;
        found.holder = undefined;
        found.failedAt = time.now();
        found.runAt = time.now() + (fault === 'early-retry' ? 0 : (delayMs ?? 0));
        found.parked = delayMs === undefined || found.tries >= MAX_TRIES;
      }),
    readState: () => Promise.resolve([]),
    listParked: () => Promise.resolve([]),
    retry: () => Promise.resolve(0),
    discard: () => Promise.resolve(0),
  };

  function claimOne(job: SimulatedJob): LeasedJob[] {
    const now = time.now();
    if (
      job.lease === undefined &&
      job.failedAt !== undefined &&
      now - job.failedAt < 500 * 4 ** (job.tries - 1)
    )
      state.violations.push(
        `job ${job.id} came again ${now - job.failedAt} ms after its try ${job.tries} failed`,
      );
    if (job.tries >= MAX_TRIES) {
      job.parked = true;
      job.lease = undefined;
      return [];
    }
    if (fault !== 'endless-tries') job.tries += 1;
    state.claims.set(job.id, (state.claims.get(job.id) ?? 0) + 1);
    job.lease = `lease-${++state.leases}`;
    job.holder = life;
    job.runAt = now + LEASE_MS;
    return [
      {
        id: job.id,
        kind: 'index-post',
        payload: { post_id: job.id },
        attempt: job.tries,
        lease: job.lease,
      },
    ];
  }
}

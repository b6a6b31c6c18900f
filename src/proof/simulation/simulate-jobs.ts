import { AppError } from '../../kit/errors.ts';
import { createLogger } from '../../kit/logger.ts';
import { type JobHandler, startJobs } from '../../pipeline/jobs/index.ts';
import { LEASE_MS, MAX_TRIES } from '../../ports/job-queue.ts';
import { createRandom } from '../random.ts';
import { createDraw, type Draw } from './run-plan.ts';
import { createSimulatedJobs, type JobFault, type JobsState } from './simulated-jobs.ts';
import { createVirtualTime, type Life, type VirtualTime } from './virtual-time.ts';

export interface JobsRun {
  readonly seed: number;
  readonly jobs: number;
  /** Times that a handler began. */
  readonly tries: number;
  readonly parked: number;
  readonly simulated_ms: number;
  /** Empty where everything held. */
  readonly violations: readonly string[];
}

const TROUBLE_MS = 120_000;
/** All tries of a job, their delays and leases, with room. */
const QUIET_MS = 900_000;
const AT_ONCE = 4;
/** A job that is due is handed out within this where a worker has room. */
const IDLE_LIMIT_MS = 5_000;

interface World {
  readonly state: JobsState;
  readonly time: VirtualTime;
  readonly draw: Draw;
  readonly weather: { refused: number; lost: number };
  readonly fault: JobFault | undefined;
  /** What a job does whenever it is tried: fails for good, fails now and then, or takes its time. */
  readonly nature: Map<number, { readonly hopeless: boolean; readonly failing: number; readonly ms: number }>;
  tries: number;
  /** Since when a worker has had room for another job. */
  idleSince: number;
}

/** One run of workers on a simulated queue under trouble that the seed draws: the runner of jobs is the real one. */
export async function simulateJobs(seed: number, fault?: JobFault): Promise<JobsRun> {
  const draw = createDraw(createRandom(seed));
  const time = createVirtualTime();
  const state: JobsState = {
    jobs: new Map(),
    effects: new Set(),
    violations: [],
    working: new Map(),
    leases: 0,
    claims: new Map(),
    cutOff: new Map(),
  };
  const storm = draw.pick([0, 0.5, 1, 2]);
  const weather = { refused: storm * 0.05, lost: storm * 0.03 };
  const world: World = { state, time, draw, weather, fault, nature: new Map(), tries: 0, idleSince: 0 };
  const count = draw.whole(5, 60);
  for (let id = 1; id <= count; id += 1) time.after(draw.between(0, TROUBLE_MS), () => addJob(world, id));
  const workers = draw.whole(1, 3);
  for (let at = 0; at < workers; at += 1) liveAndDie(world, at, storm);
  time.after(TROUBLE_MS, () => Object.assign(weather, { refused: 0, lost: 0 }));

  const isOver = () =>
    time.now() > TROUBLE_MS &&
    world.nature.size === count &&
    [...state.jobs.values()].every((job) => job.parked);
  const rested = await time.advance(isOver, TROUBLE_MS + QUIET_MS, () => watch(world));
  if (!rested) state.violations.push('jobs were neither done nor parked long after the trouble');
  judge(world, count);
  return {
    seed,
    jobs: count,
    tries: world.tries,
    parked: [...state.jobs.values()].filter((job) => job.parked).length,
    simulated_ms: time.now(),
    violations: [...new Set(state.violations)],
  };
}

function addJob({ state, draw, nature, time }: World, id: number): void {
  nature.set(id, {
    hopeless: draw.chance(0.05),
    failing: draw.pick([0, 0, 0, 0.3, 0.6, 2]),
    // Some take longer than a lease, which has to be prolonged meanwhile.
    ms: draw.chance(0.15) ? draw.between(0, 3 * LEASE_MS) : draw.between(0, 500),
  });
  state.jobs.set(id, {
    id,
    runAt: time.now(),
    tries: 0,
    lease: undefined,
    holder: undefined,
    failedAt: undefined,
    parked: false,
  });
}

/** A worker that is cut off and killed at instants of the seed, and started again; after the trouble it stays. */
function liveAndDie(world: World, at: number, storm: number): void {
  const { time, draw } = world;
  const start = (nth: number) => {
    const life: Life = { name: `worker ${at}.${nth}`, alive: true };
    startWorker(world, life);
    if (draw.chance(storm * 0.3))
      time.after(draw.between(0, TROUBLE_MS / 2), () =>
        world.state.cutOff.set(life, Math.min(TROUBLE_MS, time.now() + draw.between(1, 2.5) * LEASE_MS)),
      );
    if (time.now() > TROUBLE_MS || !draw.chance(storm * 0.45)) return;
    time.after(draw.between(100, TROUBLE_MS / 2), () => {
      if (time.now() > TROUBLE_MS) return;
      life.alive = false;
      for (const [lease, one] of world.state.working)
        if (one.life === life) world.state.working.delete(lease);
      time.after(draw.between(10, 20_000), () => start(nth + 1));
    });
  };
  time.after(draw.between(0, 1_000), () => start(1));
}

function startWorker(world: World, life: Life): void {
  const { state, time, draw, weather, fault, nature } = world;
  const timers = time.timersOf(life);
  const run: JobHandler<'index-post'> = async ({ post_id: id }, { signal }) => {
    const lease = state.jobs.get(id)?.lease ?? `lost ${id} ${++state.leases}`;
    const { hopeless, failing, ms } = nature.get(id)!;
    world.tries += 1;
    state.working.set(lease, { jobId: id, life });
    try {
      await timers.sleep(ms / 2, signal);
      if (hopeless) throw new AppError('not_found', 'hopeless');
      if (draw.chance(failing / 2)) throw new Error('before the effect');
      signal.throwIfAborted();
      state.effects.add(id);
      await timers.sleep(ms / 2, signal);
      if (draw.chance(failing / 2)) throw new Error('behind the effect');
    } finally {
      state.working.delete(lease);
    }
  };
  startJobs({
    queue: createSimulatedJobs({ state, time, life, draw, weather, fault }),
    handlers: { 'index-post': { atOnce: AT_ONCE, run } },
    logger: createLogger('silent'),
    random: draw.share,
    timers,
    clock: time.clock,
  });
}

/** Between all steps: nobody is handed a job whose worker lives, prolongs its lease and still works on it. */
function watch(world: World): void {
  const { state, time, weather } = world;
  const calm = weather.lost === 0 && weather.refused === 0;
  for (const [lease, { jobId, life }] of state.working) {
    const job = state.jobs.get(jobId);
    // Where calls are lost, a lease may be lost to a living worker; then its signal ends the work.
    if (calm && life.alive && job && job.lease !== lease && time.now() > TROUBLE_MS + LEASE_MS)
      state.violations.push(`job ${jobId} was handed out while its worker held it`);
  }
  if (time.now() < TROUBLE_MS + LEASE_MS || state.working.size >= AT_ONCE) world.idleSince = time.now();
  if (time.now() - world.idleSince < IDLE_LIMIT_MS) return;
  for (const job of state.jobs.values())
    if (!job.parked && time.now() - job.runAt > IDLE_LIMIT_MS)
      state.violations.push(`job ${job.id} waited although it was due and workers had room`);
}

function judge({ state, nature }: World, count: number): void {
  for (let id = 1; id <= count; id += 1) {
    const job = state.jobs.get(id);
    if (!job && !state.effects.has(id)) state.violations.push(`job ${id} is gone without its effect`);
    if (job?.parked && !nature.get(id)!.hopeless && job.tries < MAX_TRIES)
      state.violations.push(`job ${id} was parked after ${job.tries} tries`);
    const claims = state.claims.get(id) ?? 0;
    if (claims > MAX_TRIES) state.violations.push(`job ${id} was handed out ${claims} times`);
  }
}

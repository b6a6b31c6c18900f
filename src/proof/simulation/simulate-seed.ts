import { EngineError } from '../../kit/errors.ts';
import { countToEnd } from '../../pipeline/aggregate/counting.ts';
import { createRandom } from '../random.ts';
import { judgeRun } from './judge-run.ts';
import type { PlantedFault } from './planted-faults.ts';
import { type Blow, createDraw, type Draw, drawPlan, type RunPlan } from './run-plan.ts';
import { deliver, type HistoryEntry } from './simulated-client.ts';
import { createCounting } from './simulated-counting.ts';
import { type Process, type ServerProcess, startAggregating, startServer } from './simulated-process.ts';
import { createSimulatedServer } from './simulated-server.ts';
import type { World } from './simulated-world.ts';
import { createTables, type SimulatedEvent } from './tables.ts';
import { createVirtualTime } from './virtual-time.ts';
import { createWatch } from './watch.ts';

export interface SimulateOptions {
  readonly planted?: PlantedFault | undefined;
  /** Keeps every line of what happened. */
  readonly trace?: boolean | undefined;
}

export interface SimulationResult {
  readonly seed: number;
  readonly events: number;
  readonly outcomes: Readonly<Record<HistoryEntry['known'], number>>;
  /** Of the simulated clock. */
  readonly simulated_ms: number;
  /** Empty where everything held. */
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

/** Trouble has ended: everything must be answered, counted and complete within this. */
const QUIET_MS = 60_000;
/** How long a server may need to keep an event again. */
const LAST_MS = 10_000;
const CALM = { lost: 0, refused: 0, slow: 0, silent: 0 };

/** One run of the delivery logic under trouble that the seed draws. The same seed and code give the same run, line by line. */
export async function simulateSeed(seed: number, options: SimulateOptions = {}): Promise<SimulationResult> {
  const trace: string[] = [];
  const world = createWorld(seed, options, trace);
  const history: HistoryEntry[] = [];
  try {
    if (await run(world, history)) judgeRun(world, history);
    else world.watch.violate('it did not come to rest within a minute after the trouble');
  } catch (error) {
    world.watch.violate(`it threw ${error instanceof Error ? error.stack : String(error)}`);
  }
  const outcomes = { ok: 0, fail: 0, unknown: 0 };
  for (const { known } of history) outcomes[known] += 1;
  return {
    seed,
    events: world.tables.copies.size,
    outcomes,
    simulated_ms: world.time.now(),
    violations: world.watch.findings,
    trace,
  };
}

/** False where it comes to no rest. */
async function run(world: World, history: HistoryEntry[]): Promise<boolean> {
  const { time, plan, watch } = world;
  const servers = Array.from({ length: plan.servers }, (_, at) => startServer(world, `server ${at}`));
  const aggregators = Array.from({ length: plan.aggregators }, (_, at) =>
    startAggregating(world, `aggregator ${at}`),
  );
  const pending = sendRequests(world, servers, history);
  for (const { at, blow } of plan.blows) time.after(at, () => strike(world, servers, aggregators, blow));
  const calm = () => pending() === 0 && [...servers, ...aggregators].every((one) => one.alive());
  const isQuiet = () => time.now() > plan.troubleMs && calm();
  const quiet = await time.advance(isQuiet, plan.troubleMs + QUIET_MS, watch.step);
  return quiet && closeAll(world, servers, aggregators, history);
}

function createWorld(seed: number, options: SimulateOptions, trace: string[]): World {
  const draw = createDraw(createRandom(seed));
  const plan = drawPlan(draw);
  const time = createVirtualTime();
  const tables = createTables();
  const note = options.trace
    ? (text: string) => void trace.push(`${time.now().toFixed(3).padStart(10)}  ${text}`)
    : () => undefined;
  const weather = () => (time.now() < plan.troubleMs ? plan.weather : CALM);
  const earlyRelease = options.planted === 'early-head';
  const server = createSimulatedServer({ time, draw, weather, note, earlyRelease });
  const watch = createWatch(time, tables);
  return { time, draw, plan, tables, server, watch, weather, note, planted: options.planted };
}

/** Returns how many requests have not come to their end. */
function sendRequests(
  world: World,
  servers: readonly ServerProcess[],
  history: HistoryEntry[],
): () => number {
  const { time, draw, plan, note } = world;
  let pending = 0;
  let made = 0;
  const send = (delayMs: number, events: readonly SimulatedEvent[]) => {
    pending += 1;
    time.after(delayMs, () => {
      void deliver(world, servers, events).then((entries) => {
        pending -= 1;
        history.push(...entries);
        for (const entry of entries) note(`client: ${entry.id} ${entry.known}`);
      });
    });
  };
  for (let request = 0; request < plan.requests; request += 1) {
    const at = draw.between(0, plan.troubleMs);
    const size = draw.pick([1, 1, 1, 4]);
    const events = Array.from({ length: size }, (_, item) => drawEvent(draw, plan, made + item));
    made += size;
    send(at, events);
    if (draw.chance(plan.copies)) send(at + draw.pick([0, 1, 300, 2_600]) * draw.share(), events);
    const first = events[0]!;
    if (draw.chance(plan.reused)) send(at + draw.between(-5, 50), [{ ...first, type: (first.type + 1) % 3 }]);
  }
  return () => pending;
}

function drawEvent(draw: Draw, plan: RunPlan, number: number): SimulatedEvent {
  const failures = draw.chance(plan.uncountable) ? draw.pick([1, 3, Number.POSITIVE_INFINITY]) : 0;
  return {
    id: `e${number}`,
    subject: draw.whole(1, 3),
    type: draw.whole(0, 2),
    actor: draw.whole(1, 20),
    quarter: draw.whole(0, 1),
    valid: draw.chance(0.9),
    unstorable: draw.chance(plan.unstorable),
    failures,
  };
}

function strike(
  world: World,
  servers: readonly ServerProcess[],
  aggregators: readonly Process[],
  blow: Blow,
): void {
  const { time, server, note } = world;
  note(`blow: ${JSON.stringify(blow)}`);
  if (blow.kind === 'kill-server') servers[blow.server]!.kill(blow.downMs);
  else if (blow.kind === 'kill-aggregator') aggregators[blow.aggregator]!.kill(blow.downMs);
  else if (blow.kind === 'freeze-database') server.freeze(blow.ms);
  else if (blow.kind === 'kill-database') server.crash(blow.downMs);
  else {
    const session = servers[blow.server]!.log()?.session();
    if (session && blow.kind === 'end-session') server.endSession(session);
    else if (session && blow.kind === 'freeze-session') session.frozenUntil = time.now() + blow.ms;
  }
}

/** Ends as a server does: writers first, then a command counts what is left beside the aggregators. */
async function closeAll(
  world: World,
  servers: readonly ServerProcess[],
  aggregators: readonly Process[],
  history: HistoryEntry[],
): Promise<boolean> {
  const { time, watch, server } = world;
  const wait = (done: () => boolean) => time.advance(done, time.now() + QUIET_MS, watch.step);
  const until = (promise: Promise<unknown>) => {
    let done = false;
    void promise.then(() => (done = true));
    return wait(() => done);
  };
  // What nobody waits for any more may still commit.
  if (!(await wait(() => !server.lingers()))) return false;
  if (!(await until(Promise.all(servers.map((one) => keepOne(world, one, history)))))) return false;
  if (!(await until(Promise.all(servers.map((one) => one.close()))))) return false;
  for (const one of servers) {
    const left = (one.log()?.queued() ?? 0) + one.unanswered();
    if (left !== 0) watch.violate(`${one.name}: ${left} appends are left in a closed queue`);
  }
  if (!(await wait(() => !server.lingers()))) return false;
  if (!(await until(countAsCommand(world)))) return false;
  if (!watch.allSettled())
    watch.violate('a command that counted to the end left acknowledged events uncounted');
  return until(Promise.all(aggregators.map((one) => one.close())));
}

/** No server is left that only looks alive. */
async function keepOne(world: World, server: ServerProcess, history: HistoryEntry[]): Promise<void> {
  const event = { ...drawEvent(world.draw, world.plan, 0), id: `last of ${server.name}`, unstorable: false };
  const [entry] = await deliver({ ...world, plan: { ...world.plan, giveUpMs: LAST_MS } }, [server], [event]);
  history.push(entry!);
  if (entry!.known !== 'ok') world.watch.violate(`${server.name} keeps nothing any more`);
}

/** Its database may still be busy with what began in the trouble: then a person runs it again. */
async function countAsCommand(world: World): Promise<void> {
  const counting = createCounting(world, { name: 'command', alive: true });
  for (;;) {
    try {
      await countToEnd(counting);
      return;
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      await counting.timers.sleep(100);
    }
  }
}

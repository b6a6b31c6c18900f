import { toAppError } from '../../http/error-handler.ts';
import { keepCounting } from '../../pipeline/aggregate/counting.ts';
import type { AppendOutcome } from '../../ports/event-log.ts';
import { createCounting } from './simulated-counting.ts';
import { DEADLINE_MS, openSimulatedLog, type SimulatedLog } from './simulated-log.ts';
import type { World } from './simulated-world.ts';
import type { SimulatedEvent } from './tables.ts';
import type { Life } from './virtual-time.ts';

/** The queue looks for what is past its deadline this often. */
const SWEEP_MS = 100;
const RESTART_MS = 200;

/** What a request is answered: per event, or one refusal of all. */
export type Answer =
  | { readonly status: 'answered'; readonly outcomes: readonly AppendOutcome[] }
  | { readonly status: 'refused'; readonly code: string };

export function isAccepted(outcome: AppendOutcome | undefined): boolean {
  return outcome?.status === 'kept' || outcome?.status === 'duplicate';
}

export interface Process {
  readonly name: string;
  readonly alive: () => boolean;
  /** kill -9, and a new start after a while. */
  readonly kill: (downMs: number) => void;
  readonly close: () => Promise<void>;
}

export interface ServerProcess extends Process {
  /** Undefined where nobody listens; never resolves where the process dies meanwhile. */
  readonly post: (events: readonly SimulatedEvent[]) => Promise<Answer> | undefined;
  readonly log: () => SimulatedLog | undefined;
  /** Appends that a living process has not answered. */
  readonly unanswered: () => number;
}

export function startServer(world: World, name: string): ServerProcess {
  let life: Life;
  /** As a process that cannot open its log yet: nobody listens. */
  let log: SimulatedLog | undefined;
  let unanswered = 0;
  const start = () => {
    const mine = { name, alive: true };
    life = mine;
    log = undefined;
    unanswered = 0;
    openSimulatedLog(world, mine).then(
      (opened) => {
        log = opened;
      },
      // It ends with its error, and is started again.
      () => killAndStart(world, mine, RESTART_MS, start),
    );
  };
  start();

  async function answer(open: SimulatedLog, events: readonly SimulatedEvent[]): Promise<Answer> {
    const askedAt = world.time.now();
    unanswered += 1;
    try {
      const outcomes = await open.append(events);
      const kept = events.filter((_, at) => isAccepted(outcomes[at]));
      world.watch.acknowledged(kept.map((event) => event.id));
      return { status: 'answered', outcomes };
    } catch (error) {
      return { status: 'refused', code: toAppError(error)?.code ?? 'internal' };
    } finally {
      unanswered -= 1;
      const ms = world.time.now() - askedAt;
      if (ms > DEADLINE_MS + SWEEP_MS)
        world.watch.violate(`an append was answered after ${ms.toFixed(0)} ms`);
    }
  }

  return {
    name,
    alive: () => life.alive && log !== undefined,
    post: (events) => (life.alive && log ? answer(log, events) : undefined),
    log: () => (life.alive ? log : undefined),
    unanswered: () => (life.alive ? unanswered : 0),
    kill: (downMs) => killAndStart(world, life, downMs, start),
    close: () => log?.close() ?? Promise.resolve(),
  };
}

export function startAggregating(world: World, name: string): Process {
  let life: Life;
  let stop: AbortController;
  let running: Promise<void>;
  const start = () => {
    life = { name, alive: true };
    stop = new AbortController();
    running = keepCounting(createCounting(world, life), stop.signal);
  };
  start();
  return {
    name,
    alive: () => life.alive,
    kill: (downMs) => killAndStart(world, life, downMs, start),
    close: () => {
      stop.abort();
      return running;
    },
  };
}

function killAndStart(world: World, life: Life, downMs: number, start: () => void): void {
  if (!life.alive) return;
  life.alive = false;
  world.note(`${life.name} is killed`);
  for (const session of world.server.sessions()) if (session.life === life) world.server.leave(session);
  world.time.after(downMs, () => {
    world.note(`${life.name} starts again`);
    start();
  });
}

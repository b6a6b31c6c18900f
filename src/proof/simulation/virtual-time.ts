import type { Clock } from '../../kit/clock.ts';
import type { Timers } from '../../kit/wait.ts';

/** A process of the simulation: what belongs to a dead one never runs again. */
export interface Life {
  readonly name: string;
  alive: boolean;
}

interface Task {
  readonly at: number;
  readonly order: number;
  run: (() => void) | undefined;
}

export interface VirtualTime {
  /** Milliseconds since the run began. */
  readonly now: () => number;
  /** Returns what takes it back. */
  readonly after: (ms: number, run: () => void) => () => void;
  readonly clock: Clock;
  readonly timersOf: (life: Life) => Timers;
  /** One task after the other until `done`; false where that did not come by `limitAt`. */
  readonly advance: (done: () => boolean, limitAt: number, onStep: () => void) => Promise<boolean>;
}

/** The wall clock of a run begins here, so that instants look like instants: 2026-01-01. */
export const EPOCH_MS = 1_767_225_600_000;

/**
 * Time that passes only when nothing is left to do now: a queue of tasks in the order of (instant, insertion). After
 * each task every promise runs to its rest, so the order of everything is a function of the seed.
 */
export function createVirtualTime(): VirtualTime {
  const heap = createHeap();
  let now = 0;
  let order = 0;

  function after(ms: number, run: () => void): () => void {
    const task: Task = { at: now + Math.max(0, ms), order: order++, run };
    heap.push(task);
    return () => {
      task.run = undefined;
    };
  }

  async function advance(done: () => boolean, limitAt: number, onStep: () => void): Promise<boolean> {
    while (!done()) {
      const task = heap.pop();
      if (task === undefined || task.at > limitAt) return false;
      if (task.run === undefined) continue;
      now = task.at;
      task.run();
      await rest();
      onStep();
    }
    return true;
  }

  return {
    now: () => now,
    after,
    clock: { now: () => EPOCH_MS + now, monotonicMs: () => now },
    timersOf: (life) => createTimers(after, life),
    advance,
  };
}

/** Ticks run when no promise has a job left: this resolves when all others rest. */
function rest(): Promise<void> {
  return new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)));
}

function createTimers(after: VirtualTime['after'], life: Life): Timers {
  const later = (ms: number, run: () => void) => after(ms, () => life.alive && run());
  return {
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        later(ms, resolve);
        signal?.addEventListener('abort', () => resolve(), { once: true });
      }),
    turn: () => new Promise((resolve) => later(0, resolve)),
    every: (ms, run) => {
      let takeBack: () => void;
      const again = () => {
        takeBack = later(ms, () => {
          run();
          again();
        });
      };
      again();
      return () => takeBack();
    },
  };
}

/** A binary heap by (at, order). */
function createHeap() {
  const tasks: Task[] = [];
  const before = (a: Task, b: Task) => a.at < b.at || (a.at === b.at && a.order < b.order);

  function push(task: Task): void {
    let at = tasks.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(task, tasks[parent]!)) break;
      tasks[at] = tasks[parent]!;
      at = parent;
    }
    tasks[at] = task;
  }

  function pop(): Task | undefined {
    const first = tasks[0];
    const last = tasks.pop();
    if (first === undefined || last === undefined || tasks.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= tasks.length) break;
      if (child + 1 < tasks.length && before(tasks[child + 1]!, tasks[child]!)) child += 1;
      if (!before(tasks[child]!, last)) break;
      tasks[at] = tasks[child]!;
      at = child;
    }
    tasks[at] = last;
    return first;
  }

  return { push, pop };
}

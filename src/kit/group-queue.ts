import type { Clock } from './clock.ts';
import { AppError } from './errors.ts';
import { failpoint } from './failpoint.ts';
import { createPace } from './pace.ts';
import { systemTimers, type Timers } from './wait.ts';

interface GroupQueueOptions<T, R> {
  readonly clock: Clock;
  readonly timers?: Timers | undefined;
  /** Most items of one group. */
  readonly maxGroup: number;
  /** Most items that may wait; one more is refused before anything is queued. */
  readonly maxQueued: number;
  /** Milliseconds that one may have to expect before its writing begins; one that had to wait longer is refused at once. */
  readonly maxWaitMs?: number | undefined;
  /** Milliseconds from `add` to an answer, queueing and writing together. */
  readonly deadlineMs: number;
  /**
   * True: a full group is handed to `write` while the one before it is still written, so that the log need not wait for
   * this process. `write` then keeps their order.
   */
  readonly ahead?: boolean | undefined;
  /** Resolves once the next group, of which so many wait, may go; what comes meanwhile joins it. Not together with `ahead`. */
  readonly turn?: ((waitingItems: number) => Promise<void>) | undefined;
  /** Writes one group; results in the order given. It is not called again before the last one ended, but for `ahead`. */
  readonly write: (items: readonly T[]) => Promise<readonly R[]>;
}

export interface GroupQueue<T, R> {
  /** Results in the order given. Rejects with `overloaded` (nothing queued), `unavailable` (taken back) or `outcome_unknown`. */
  readonly add: (items: readonly T[]) => Promise<readonly R[]>;
  readonly queued: () => number;
  /** Milliseconds until what is added now would begin to be written, at the pace of the last groups. */
  readonly expectedWaitMs: () => number;
  /** Waits for everything queued, then refuses. */
  readonly close: () => Promise<void>;
}

interface Entry<T, R> {
  readonly items: readonly T[];
  readonly dueAt: number;
  readonly resolve: (results: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
  settled: boolean;
}

const SWEEP_MS = 100;

type Outcome<R> = { readonly results: readonly R[] } | { readonly error: unknown };

interface Flight<T, R> {
  readonly group: Entry<T, R>[];
  readonly outcome: Promise<Outcome<R>>;
}

/**
 * Group commit: whatever arrives while one group is written becomes the next group. Nobody waits for a timer, so a lone
 * request pays one write, and a thousand at once share one.
 */
export function createGroupQueue<T, R>(options: GroupQueueOptions<T, R>): GroupQueue<T, R> {
  const { clock, timers = systemTimers, maxWaitMs = Number.POSITIVE_INFINITY } = options;
  const mostFlights = options.ahead ? 2 : 1;
  const pace = createPace(clock);
  let waiting: Entry<T, R>[] = [];
  const flights: Flight<T, R>[] = [];
  let queued = 0;
  let waitingItems = 0;
  let closed = false;
  let idle: (() => void) | undefined;
  let pumping = false;

  const endSweep = timers.every(SWEEP_MS, expire);

  function settle(entry: Entry<T, R>, finish: () => void): void {
    if (entry.settled) return;
    entry.settled = true;
    queued -= entry.items.length;
    finish();
  }

  function expire(): void {
    const now = clock.monotonicMs();
    for (const { group } of flights)
      for (const entry of group) if (entry.dueAt <= now) settle(entry, () => entry.reject(outcomeUnknown()));
    if (waiting[0] === undefined || waiting[0].dueAt > now) return;
    const due = waiting.filter((entry) => entry.dueAt <= now);
    waiting = waiting.filter((entry) => entry.dueAt > now);
    waitingItems -= countItems(due);
    for (const entry of due) settle(entry, () => entry.reject(takenBack()));
  }

  function takeGroup(): Entry<T, R>[] {
    let items = 0;
    let count = 0;
    for (const entry of waiting) {
      if (count > 0 && items + entry.items.length > options.maxGroup) break;
      items += entry.items.length;
      count += 1;
    }
    const group = waiting.slice(0, count);
    waiting = waiting.slice(count);
    waitingItems -= items;
    return group;
  }

  function begin(): void {
    const group = takeGroup();
    pace.begin(countItems(group));
    const items = group.length === 1 ? group[0]!.items : group.flatMap((entry) => entry.items);
    const outcome = options.write(items).then(
      (results) => ({ results }),
      (error: unknown) => ({ error }),
    );
    flights.push({ group, outcome });
  }

  /** What waits goes out behind nothing; behind one that is under way only a whole group does. */
  function beginWhatMay(): void {
    if (flights.length === 0 && waiting.length > 0) begin();
    while (flights.length > 0 && flights.length < mostFlights && waitingItems >= options.maxGroup) begin();
  }

  function conclude(group: Entry<T, R>[], outcome: Outcome<R>): void {
    let at = 0;
    for (const entry of group) {
      if ('error' in outcome) settle(entry, () => entry.reject(outcome.error));
      else {
        const own = outcome.results.slice(at, at + entry.items.length);
        at += entry.items.length;
        settle(entry, () => entry.resolve(own));
      }
    }
  }

  const expectedWaitMs = () => pace.expectedWaitMs(waitingItems);

  async function pump(): Promise<void> {
    pumping = true;
    // One turn of the event loop: requests that were read by the same poll share the group.
    await timers.turn();
    await options.turn?.(waitingItems);
    beginWhatMay();
    while (flights[0]) {
      const { group, outcome } = flights[0];
      const end = await outcome;
      pace.end('error' in end);
      flights.shift();
      failpoint?.('queue.between-groups');
      // The next group leaves before anyone hears of this one: the log works on while the answers are written.
      if (!options.turn) beginWhatMay();
      conclude(group, end);
      if (!options.turn || waiting.length === 0) continue;
      await options.turn(waitingItems);
      beginWhatMay();
    }
    pumping = false;
    idle?.();
  }

  return {
    add: (items) => {
      if (closed) return Promise.reject(takenBack());
      if (items.length === 0) return Promise.resolve([]);
      if (queued + items.length > options.maxQueued || expectedWaitMs() > maxWaitMs)
        return Promise.reject(overloaded());
      queued += items.length;
      waitingItems += items.length;
      return new Promise((resolve, reject) => {
        const dueAt = clock.monotonicMs() + options.deadlineMs;
        waiting.push({ items, dueAt, resolve, reject, settled: false });
        if (!pumping) void pump();
        else if (flights.length > 0) beginWhatMay();
      });
    },
    queued: () => queued,
    expectedWaitMs,
    close: async () => {
      closed = true;
      if (pumping) await new Promise<void>((resolve) => (idle = resolve));
      endSweep();
    },
  };
}

function countItems(entries: readonly { readonly items: readonly unknown[] }[]): number {
  return entries.reduce((sum, entry) => sum + entry.items.length, 0);
}

function overloaded(): AppError {
  return new AppError(
    'overloaded',
    'More events wait than can be written in time. Nothing of this request was kept; repeat it after Retry-After.',
  );
}

function takenBack(): AppError {
  return new AppError(
    'unavailable',
    'The event log did not take this request in time. Nothing of it was kept; repeat it after Retry-After.',
  );
}

export function outcomeUnknown(cause?: unknown): AppError {
  return new AppError(
    'outcome_unknown',
    'The event log did not answer in time. The event may have been kept; repeat it with the same event_id, it counts once.',
    cause === undefined ? {} : { cause },
  );
}

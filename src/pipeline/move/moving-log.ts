import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { outcomeUnknown } from '../../kit/group-queue.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';

/**
 * A process that stood still for so long may have been taken for dead: what it appends then is not acknowledged, until it
 * knows again which log takes events. Far below the silence that a log is left after.
 */
const STILL_MS = 30_000;

export interface MovingLog extends EventLog {
  readonly current: () => EventLog;
  /** New events go to `next` at once; resolves when the outcome of everything that went to the one before is known. */
  readonly switchTo: (next: EventLog) => Promise<void>;
  /** To be called every second or so, for as long as the process runs. */
  readonly tick: () => void;
  /** What the database says about where events go was read, and followed. */
  readonly heard: () => void;
}

/** A log that takes events, which may become another one while it does. */
export function createMovingLog(first: EventLog, clock: Pick<Clock, 'monotonicMs'>): MovingLog {
  let log = first;
  let tickedAt = clock.monotonicMs();
  /** How often this process stood still. */
  let stops = 0;
  let unsure = false;
  const underWay = new Map<EventLog, { count: number; idle: (() => void) | undefined }>();

  function tick(): void {
    const now = clock.monotonicMs();
    if (now - tickedAt > STILL_MS) {
      stops += 1;
      unsure = true;
    }
    tickedAt = now;
  }

  async function append(events: readonly Event[]): Promise<readonly AppendOutcome[]> {
    tick();
    if (unsure) throw notSure();
    const before = stops;
    const target = log;
    const work = underWay.get(target) ?? { count: 0, idle: undefined };
    underWay.set(target, work);
    work.count += 1;
    try {
      const outcomes = await target.append(events);
      tick();
      if (stops !== before) throw outcomeUnknown();
      return outcomes;
    } finally {
      work.count -= 1;
      if (work.count === 0) work.idle?.();
    }
  }

  return {
    get identity() {
      return log.identity;
    },
    get capabilities() {
      return log.capabilities;
    },
    append,
    listPartitions: () => log.listPartitions(),
    read: (...at) => log.read(...at),
    span: (...at) => log.span(...at),
    clock: () => log.clock(),
    queued: () => log.queued(),
    expectedWaitMs: () => log.expectedWaitMs?.() ?? 0,
    writable: () => log.writable(),
    close: () => log.close(),
    current: () => log,
    switchTo: async (next) => {
      if (next === log) return;
      const work = underWay.get(log);
      log = next;
      if (work && work.count > 0)
        await new Promise<void>((resolve) => {
          work.idle = resolve;
        });
    },
    tick,
    heard: () => {
      unsure = false;
    },
  };
}

function notSure(): AppError {
  return new AppError(
    'unavailable',
    'This server stood still, and does not know yet which log takes events. Nothing was kept; repeat after Retry-After.',
  );
}

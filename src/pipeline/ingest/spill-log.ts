import type { Event } from '../../events/event.ts';
import { AppError } from '../../kit/errors.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';

/**
 * Appends to `first`, and to `second` while `first` cannot. Both must fill one raw store that keeps an id once: where the
 * first may have kept what the second keeps as well, it counts once. `second` is counted where it lies; nothing is copied
 * back. An overload is no outage: it is handed on, since the second log bears less than the first. `onChange` hears when
 * the second log begins to take events, and when the first does again.
 */
export function createSpillLog(
  first: EventLog,
  second: EventLog,
  onChange: (spills: boolean) => void,
): EventLog {
  let spills = false;

  function note(now: boolean): void {
    if (now !== spills) onChange(now);
    spills = now;
  }

  async function append(events: readonly Event[]): Promise<readonly AppendOutcome[]> {
    if (!first.writable()) return spill(undefined, events);
    try {
      const outcomes = await first.append(events);
      note(false);
      return outcomes;
    } catch (error) {
      if (!isOutage(error)) throw error;
      return spill(error, events);
    }
  }

  async function spill(
    cause: AppError | undefined,
    events: readonly Event[],
  ): Promise<readonly AppendOutcome[]> {
    note(true);
    try {
      return await second.append(events);
    } catch (error) {
      // Where the first may have kept some of it, the second's "nothing was kept" is not the whole truth.
      throw cause?.code === 'outcome_unknown' ? cause : error;
    }
  }

  return {
    ...first,
    append,
    queued: () => first.queued() + second.queued(),
    // The first may only be about to fail; what waits for it then is taken by the second.
    expectedWaitMs: () => second.expectedWaitMs?.() ?? 0,
    writable: () => first.writable() || second.writable(),
  };
}

function isOutage(error: unknown): error is AppError {
  return error instanceof AppError && (error.code === 'unavailable' || error.code === 'outcome_unknown');
}

import { AppError, EngineError } from '../../kit/errors.ts';
import { sleep } from '../../kit/wait.ts';

const FIRST_MS = 100;
const MOST_MS = 5_000;

/** Thrown where the signal ends the work: the ledger says how far it came. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Repeats `work` while an engine says "not now". Everything repeated here may be done twice without harm: the ids of the
 * events are the same, a parked line is parked once, a position moves forward only.
 */
export async function untilDone<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(waitMs * 2, MOST_MS)) {
    if (signal.aborted) throw new Interrupted();
    try {
      return await work();
    } catch (error) {
      if (!isPassing(error)) throw error;
      await sleep(waitMs, signal);
    }
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof AppError ? error.status === 503 : error instanceof EngineError && error.retryable;
}

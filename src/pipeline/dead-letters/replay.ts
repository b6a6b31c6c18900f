import { isDataError } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { addTry, countParkedEvent, findParked, type Parked } from './dead-letters.queries.ts';

export interface ReplayReport {
  readonly replayed: number;
  /** Events that still cannot be counted. */
  readonly still: number;
  /** Lines of imported logs: they are no events; only their log, mended and imported again, can make them some. */
  readonly unreadable: number;
}

/** Tries parked events again, one by one; each that works is counted once, whoever replays beside it. */
export async function replayParked(db: Db, ids: readonly number[] | undefined): Promise<ReplayReport> {
  const letters = await findParked(db, ids);
  const events = letters.filter((letter) => letter.origin === 'aggregate');
  let replayed = 0;
  for (const letter of events) if (await replayOne(db, letter)) replayed += 1;
  return { replayed, still: events.length - replayed, unreadable: letters.length - events.length };
}

async function replayOne(db: Db, letter: Parked): Promise<boolean> {
  try {
    const counted = await countParkedEvent(db, letter);
    failpoint?.('replay.after-commit');
    return counted;
  } catch (error) {
    if (!isDataError(error)) throw error;
    await addTry(db, letter.id, (error as Error).message);
    return false;
  }
}

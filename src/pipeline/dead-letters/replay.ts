import { isDataError } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import { addTry, countParkedEvent, findParked, type Parked } from './dead-letters.queries.ts';

export interface ReplayReport {
  readonly replayed: number;
  readonly still: number;
}

/** Tries parked letters again, one by one; each that works is counted once, whoever replays beside it. */
export async function replayParked(db: Db, ids: readonly number[] | undefined): Promise<ReplayReport> {
  const letters = await findParked(db, ids);
  let replayed = 0;
  for (const letter of letters) if (await replayOne(db, letter)) replayed += 1;
  return { replayed, still: letters.length - replayed };
}

async function replayOne(db: Db, letter: Parked): Promise<boolean> {
  if (letter.origin !== 'aggregate') {
    // The line is no event; only its log, mended, can make it one.
    await addTry(db, letter.id, letter.detail);
    return false;
  }
  try {
    return await countParkedEvent(db, letter);
  } catch (error) {
    if (!isDataError(error)) throw error;
    await addTry(db, letter.id, (error as Error).message);
    return false;
  }
}

import type { Db } from '../../db/pool.ts';
import { EngineError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { sleep } from '../../kit/wait.ts';
import { checkReach } from '../verify/index.ts';
import {
  awaitRecount,
  type DuePartition,
  deleteUndated,
  dropPartition,
  findReach,
  isStillRead,
  keepParked,
  lockRows,
  pickUndated,
  sealMinutes,
  sealSets,
  sealSums,
  subtractFromSeals,
} from './removal.queries.ts';

/** Why rows stay although their time is over; undefined: they are gone. */
export type Held = string | undefined;

export interface Removed {
  readonly events: number;
  readonly held: Held;
}

const GOING = 'going';
const UNDATED = -1;
const LOCK_TRIES = 50;
const LOCK_PAUSE_MS = 100;
const NOT_COUNTED = 'not all of it is counted, or recorded by the raw store beside the log, yet';

/** Verifies a day's partition, seals its sums and drops it, the last two in one transaction. */
export async function removePartition(db: Db, { name, day }: DuePartition): Promise<Removed> {
  if (await isStillRead(db, name)) return { events: 0, held: NOT_COUNTED };
  const held = await checkReach(db, await findReach(db, name));
  if (held) return { events: 0, held };
  await db.transaction((tx) => sealSets(tx, name));
  return db.transaction(async (tx) => {
    await lockRows(tx, name);
    const events = await sealRows(tx, name, day);
    if (events !== undefined) await withPatience(tx, () => dropPartition(tx, name));
    failpoint?.('retention.before-commit');
    return events === undefined ? { events: 0, held: NOT_COUNTED } : { events, held: undefined };
  });
}

/** The same for the oldest `limit` events without a day; `events` is 0 where none is due. */
export async function removeUndated(db: Db, before: Date, limit: number): Promise<Removed> {
  const reach = await db.transaction(async (tx) => {
    if ((await pickUndated(tx, before, limit)) === 0) return undefined;
    return (await isStillRead(tx, GOING)) ? NOT_COUNTED : findReach(tx, GOING);
  });
  if (reach === undefined) return { events: 0, held: undefined };
  const held = typeof reach === 'string' ? reach : await checkReach(db, reach);
  if (held) return { events: 0, held };
  return db.transaction(async (tx) => {
    await awaitRecount(tx);
    await pickUndated(tx, before, limit);
    await sealSets(tx, GOING);
    const events = await sealRows(tx, GOING, UNDATED);
    await deleteUndated(tx);
    return { events: events ?? 0, held: undefined };
  });
}

/** Sums, seals of the log, minutes and parked events: everything but the rows themselves. undefined: some are uncounted. */
async function sealRows(tx: Db, rows: string, day: number): Promise<number | undefined> {
  if (await isStillRead(tx, rows)) return undefined;
  const reach = await findReach(tx, rows);
  if (reach.lanes.length === 0) return 0;
  const part = await sealSums(tx, rows, day);
  await subtractFromSeals(tx, rows, reach);
  await sealMinutes(tx, part.id);
  await keepParked(tx, rows);
  return part.events;
}

/** Seals counted rows that stand in no partition any more: a parked event that was replayed after its raw row went. */
export async function sealAlone(tx: Db, rows: string, day: number): Promise<void> {
  await awaitRecount(tx);
  await sealSets(tx, rows);
  const { id } = await sealSums(tx, rows, day);
  await sealMinutes(tx, id);
}

/** Tries again for as long as somebody else reads the log; what was done before in this transaction stays done. */
async function withPatience(tx: Db, work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    await tx.query('savepoint patience');
    try {
      await work();
      return;
    } catch (error) {
      if (!(error instanceof EngineError) || tries === LOCK_TRIES) throw error;
      await tx.query('rollback to savepoint patience');
      await sleep(LOCK_PAUSE_MS);
    }
  }
}

import type { Db } from '../../db/pool.ts';
import { UNDATED } from '../../events/event-id.ts';
import { EngineError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { LogReader } from '../../ports/event-log.ts';
import type { LogEnd, RawRecording, RowsToCount } from '../../ports/raw-store.ts';
import {
  findFirstUndated,
  holdRetention,
  listCounted,
  listLoggedDays,
  listParkedIds,
  makeStage,
  stageActors,
  stageMinutes,
  stageRefused,
} from './recorded.queries.ts';
import { checkSealsAbout } from './seals.queries.ts';
import { compareRange, type Difference, holdPositions, rebuildRange } from './verify.queries.ts';

/** Counting waits while a range is made anew: for another system not longer than this. */
const HELD_MS = 30_000;

/** A raw store beside the log, whose rows are held against the numbers too. */
export interface Recorded {
  readonly recording: RawRecording;
  /** That it is recorded from. */
  readonly log: Pick<LogReader, 'identity' | 'listPartitions' | 'read'>;
  /** Resolves once everything that is in the log by now is in the store. Rejects where the store does not answer. */
  readonly reach: () => Promise<unknown>;
  /** How far the recorder has come in each lane. */
  readonly readEnds: () => Promise<readonly LogEnd[]>;
  /** Ids of events that wait parked, since the store refused them. */
  readonly listParked: () => Promise<ReadonlySet<string>>;
  readonly logger: Pick<Logger, 'warn'>;
}

/** Every difference of counters and sets in [from, to) from what the store sums up itself, in one snapshot. */
export function compareRecorded(
  db: Db,
  recorded: Recorded,
  range: { readonly from: Date; readonly to: Date },
  limit: number,
): Promise<Difference[]> {
  return inStoreSnapshot(db, async (tx) => {
    await stageRecorded(tx, recorded, range, new AbortController().signal);
    return compareRange(tx, range.from, range.to, limit, 'store');
  });
}

/**
 * Makes counters and sets of [from, to) anew out of the store, in one transaction that holds counting back. False: it did
 * not, since the store does not answer in time, or gives other numbers than the log's rows, whose seals hold.
 */
export async function repairFromStore(db: Db, recorded: Recorded, from: Date, to: Date): Promise<boolean> {
  const limit = AbortSignal.timeout(HELD_MS);
  try {
    await db.transaction(async (tx) => {
      await holdRetention(tx);
      await holdPositions(tx);
      await withLimit(stageRecorded(tx, recorded, { from, to }, limit), limit);
      const seals = await checkSealsAbout(tx, from, to);
      if (seals.some((seal) => !seal.ok)) throw new NotProven('raw rows of the log were altered');
      await rebuildRange(tx, from, to, 'store');
      const others = await compareRange(tx, from, to, 1);
      if (others.length > 0) throw new NotProven('the raw store gives other numbers than the log');
    });
    return true;
  } catch (error) {
    if (!(error instanceof NotProven || error instanceof EngineError)) throw error;
    recorded.logger.warn({ err: error, from, to }, 'nothing was made anew out of the raw store');
    return false;
  }
}

class NotProven extends Error {
  override readonly name = 'NotProven';
}

/** As verify's snapshot; a temporary table makes it one that writes. */
export function inStoreSnapshot<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read');
    await tx.query('lock table event_log in access share mode');
    await holdRetention(tx);
    return work(tx);
  });
}

/** Lets the store sum up its rows of that time, none that was not counted. Chunk by chunk, so memory stays bounded. */
async function stageRecorded(
  tx: Db,
  recorded: Recorded,
  { from, to }: { readonly from: Date; readonly to: Date },
  signal: AbortSignal,
): Promise<void> {
  const { recording } = recorded;
  const counted = await listCounted(tx);
  const without = await listParkedIds(tx, from, to);
  const days = await findLoggedDays(tx);
  await recorded.reach();
  const held = await recording.listDaysOf(from, to);
  signal.throwIfAborted();
  await withEveryLane(recorded.log, counted, async (ends) => {
    await tx.query('drop table if exists pg_temp.recount_minutes, pg_temp.recount_actors');
    await makeStage(tx);
    for (const { day, firstUndated } of days.filter((one) => held.includes(one.day))) {
      const rows: RowsToCount = { day, from, to, ends, without, firstUndated };
      for await (const sums of recording.sumMinutes(rows)) {
        signal.throwIfAborted();
        await stageMinutes(tx, sums);
      }
      for await (const sets of recording.listActorQuarters(rows)) {
        signal.throwIfAborted();
        await stageActors(tx, sets);
      }
    }
  });
  signal.throwIfAborted();
  await stageRefused(tx, from, to);
}

export interface LoggedDay {
  readonly day: number;
  readonly firstUndated: RowsToCount['firstUndated'];
}

/** Days of which the log has rows: what another store holds of others is about to be removed, or was never logged. */
export async function findLoggedDays(tx: Db): Promise<LoggedDay[]> {
  const firstUndated = await findFirstUndated(tx);
  const days = await listLoggedDays(tx);
  return days.map((day) => ({ day, firstUndated: day === UNDATED ? firstUndated : undefined }));
}

/**
 * Does the work again where a lane was born meanwhile: its rows lie behind every end, and whoever sums them up must
 * know of it. What was read of a lane was written after the lane was known.
 */
export async function withEveryLane<T>(
  log: Pick<LogReader, 'identity' | 'listPartitions'>,
  ends: readonly LogEnd[],
  work: (ends: readonly LogEnd[]) => Promise<T>,
): Promise<T> {
  const known = [...ends];
  for (;;) {
    const result = await work(known);
    const lanes = await log.listPartitions();
    const born = lanes.filter(({ partition }) => !known.some((end) => end.partition === partition));
    if (born.length === 0) return result;
    known.push(...born.map(({ partition }) => ({ log: log.identity, partition, position: 0 })));
  }
}

async function withLimit<T>(work: Promise<T>, limit: AbortSignal): Promise<T> {
  // It ends at its next chunk, and nobody waits for it then.
  work.catch(() => undefined);
  const late = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new NotProven('the raw store did not answer in time')), {
      once: true,
    });
  });
  return Promise.race([work, late]);
}

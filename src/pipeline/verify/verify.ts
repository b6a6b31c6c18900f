import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import {
  type BrokenSeal,
  compareRange,
  compareTotals,
  type Difference,
  findBrokenSeals,
  findExtent,
  holdPositions,
  listDays,
  listLanes,
  rebuildRange,
  rebuildTotals,
} from './verify.queries.ts';

const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const SHOWN = 100;
const SEALS_AT_ONCE = 50;

export interface VerifyOptions {
  /** Instants; widened to whole quarters of an hour. Absent: everything there is. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly repair: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number, what: string) => void;
}

export interface VerifyReport {
  readonly days: number;
  readonly differences: readonly Difference[];
  /** Raw rows are altered, missing or added there; never made official by a repair. */
  readonly brokenSeals: readonly BrokenSeal[];
  readonly repairedDays: number;
  /** False where it was interrupted. */
  readonly finished: boolean;
}

/**
 * Recomputes every counter and set from raw events, day by day, each in one snapshot with the aggregator's positions;
 * and every digest of raw rows. With `repair`, days that differ are made anew, unless their raw rows are what differs.
 */
export async function verify(db: Db, options: VerifyOptions): Promise<VerifyReport> {
  const differences: Difference[] = [];
  const brokenSeals = await checkSeals(db, options);
  const extent = await findExtent(db);
  const from = floorQuarter(options.from ?? extent?.from ?? new Date());
  const to = floorQuarter(new Date((options.to ?? extent?.to ?? new Date()).getTime() + QUARTER_MS));
  const days = await listDays(db, from, to);
  let repairedDays = 0;
  for (const [index, day] of days.entries()) {
    if (options.signal.aborted)
      return { days: index, differences, brokenSeals, repairedDays, finished: false };
    const start = new Date(Math.max(day.getTime(), from.getTime()));
    const end = new Date(Math.min(day.getTime() + DAY_MS, to.getTime()));
    const found = await inSnapshot(db, (tx) => compareRange(tx, start, end, SHOWN));
    differences.push(...found);
    if (found.length > 0 && options.repair && brokenSeals.length === 0) {
      await repair(db, start, end);
      failpoint?.('verify.after-commit');
      repairedDays += 1;
    }
    options.onProgress(index + 1, days.length, day.toISOString().slice(0, 10));
  }
  const totals = await inSnapshot(db, (tx) => compareTotals(tx, SHOWN));
  differences.push(...totals);
  if (options.repair && brokenSeals.length === 0 && (totals.length > 0 || repairedDays > 0)) {
    await db.transaction(async (tx) => {
      await holdPositions(tx);
      await rebuildTotals(tx);
    });
  }
  return { days: days.length, differences, brokenSeals, repairedDays, finished: true };
}

function repair(db: Db, from: Date, to: Date): Promise<void> {
  return db.transaction(async (tx) => {
    await holdPositions(tx);
    await rebuildRange(tx, from, to);
    failpoint?.('verify.before-commit');
  });
}

async function checkSeals(db: Db, options: VerifyOptions): Promise<BrokenSeal[]> {
  const broken: BrokenSeal[] = [];
  for (const lane of await listLanes(db)) {
    for (let after = 0; !options.signal.aborted; ) {
      const seals = await findBrokenSeals(db, lane, after, SEALS_AT_ONCE);
      for (const { ok, ...seal } of seals) if (!ok) broken.push(seal);
      const last = seals.at(-1);
      if (!last) break;
      after = last.up_to;
    }
  }
  return broken;
}

function inSnapshot<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return work(tx);
  });
}

function floorQuarter(at: Date): Date {
  return new Date(Math.floor(at.getTime() / QUARTER_MS) * QUARTER_MS);
}

import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { compareRecorded, type Recorded, repairFromStore } from './recorded.ts';
import { type BrokenSealed, checkSealsAbout, findBrokenSets, findBrokenSums } from './seals.queries.ts';
import { type BrokenSeal, checkSeals } from './seals.ts';
import {
  compareRange,
  compareTotals,
  type Difference,
  findBasis,
  findExtent,
  holdPositions,
  listDays,
  listSubjects,
  type RawSource,
  rebuildRange,
  rebuildTotals,
  type SubjectKey,
} from './verify.queries.ts';

export const DAY_MS = 86_400_000;
const QUARTER_MS = 900_000;
const SHOWN = 100;
export const SUBJECTS_AT_ONCE = 200;
export const FIRST_SUBJECT: SubjectKey = { subject_kind: 0, subject_id: 0 };

export interface VerifyOptions {
  /** Instants; widened to whole quarters of an hour. Absent: everything there is. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly repair: boolean;
  /** Where MongoDB keeps the raw events too: the numbers are held against what it sums up as well. */
  readonly recorded?: Recorded | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number, what: string) => void;
}

/** A stretch of time, and what its numbers were held against: raw events, the sealed sums of those gone, or both. */
export interface VerifiedRange {
  readonly from: Date;
  to: Date;
  readonly basis: 'recomputed' | 'sealed' | 'both';
}

export interface VerifyReport {
  readonly days: number;
  readonly ranges: readonly VerifiedRange[];
  readonly differences: readonly Difference[];
  /** Raw rows are altered, missing or added there; never made official by a repair. */
  readonly brokenSeals: readonly BrokenSeal[];
  readonly strays: number;
  readonly brokenSealed: readonly BrokenSealed[];
  /** What the raw store beside the log gives otherwise than the counters: `kept` is theirs, `recounted` the store's. */
  readonly storeDifferences: readonly Difference[];
  readonly repairedDays: number;
  /** Those of `repairedDays` that were made anew out of the raw store beside the log. */
  readonly fromStoreDays: number;
  /** Days that differ and were left, since their raw rows or sealed sums are what was altered. */
  readonly heldDays: number;
  /** False where it was interrupted. */
  readonly finished: boolean;
}

/** Whether nothing at all was found. */
export function isClean(report: VerifyReport): boolean {
  const { differences, brokenSeals, brokenSealed, storeDifferences, strays } = report;
  return (
    differences.length + brokenSeals.length + brokenSealed.length + storeDifferences.length + strays === 0
  );
}

/**
 * Recomputes every counter and set, day by day, each in one snapshot with the aggregator's positions; and every digest
 * of raw rows. With `repair`, days that differ are made anew, unless their raw rows are what differs.
 */
export async function verify(db: Db, options: VerifyOptions): Promise<VerifyReport> {
  const seals = await checkSeals(db, options.signal);
  const extent = await findExtent(db);
  const from = floorQuarter(options.from ?? extent?.from ?? new Date());
  const to = floorQuarter(new Date((options.to ?? extent?.to ?? new Date()).getTime() + QUARTER_MS));
  const days = await listDays(db, from, to);
  const differences: Difference[] = [];
  const brokenSealed = await findBrokenSums(db, from, to);
  const ranges: VerifiedRange[] = [];
  const storeDifferences: Difference[] = [];
  const tally = { repairedDays: 0, fromStoreDays: 0, heldDays: 0 };
  const report = () => ({
    ranges,
    differences,
    brokenSealed,
    brokenSeals: seals.broken,
    strays: seals.strays,
    storeDifferences,
    ...tally,
  });
  for (const [index, day] of days.entries()) {
    if (options.signal.aborted) return { ...report(), days: index, finished: false };
    const start = new Date(Math.max(day.getTime(), from.getTime()));
    const end = new Date(Math.min(day.getTime() + DAY_MS, to.getTime()));
    brokenSealed.push(...(await findBrokenSets(db, day, new Date(day.getTime() + DAY_MS))));
    const found = await inSnapshot(db, async (tx) => {
      const basis = await findBasis(tx, start, end);
      addRange(ranges, start, end, basis);
      return compareRange(tx, start, end, SHOWN);
    });
    differences.push(...found);
    if (found.length > 0 && options.repair) {
      const doubtful = seals.strays > 0 || isDoubtful(start, end, [...seals.broken, ...brokenSealed]);
      const made = doubtful ? undefined : await repairOf(db, options.recorded, start, end);
      if (made === undefined) tally.heldDays += 1;
      else tally.repairedDays += 1;
      if (made === 'store') tally.fromStoreDays += 1;
      failpoint?.('verify.after-commit');
    }
    if (options.recorded)
      storeDifferences.push(
        ...(await compareRecorded(db, options.recorded, { from: start, to: end }, SHOWN)),
      );
    options.onProgress(index + 1, days.length, day.toISOString().slice(0, 10));
  }
  differences.push(
    ...(await checkTotals(db, { ...options, repair: options.repair && tally.heldDays === 0 })),
  );
  return { ...report(), days: days.length, finished: true };
}

/** True where rows that something in [from, to) rests on were altered: a recount of them proves nothing. */
export function isDoubtful(
  from: Date,
  to: Date,
  broken: readonly { readonly first_at: Date | null; readonly last_at: Date | null }[],
): boolean {
  return broken.some(({ first_at, last_at }) => !first_at || !last_at || (first_at < to && last_at >= from));
}

/**
 * Makes counters and sets of [from, to) anew, in one transaction that holds counting back. False: it did not, since raw
 * rows were altered after the seals had last been looked at.
 */
export function repairRange(db: Db, from: Date, to: Date): Promise<boolean> {
  return db.transaction(async (tx) => {
    await holdPositions(tx);
    const seals = await checkSealsAbout(tx, from, to);
    if (seals.some((seal) => !seal.ok)) return false;
    await rebuildRange(tx, from, to);
    failpoint?.('verify.before-commit');
    return true;
  });
}

/** Out of the raw store beside the log where it gives what the log gives, else out of the log; undefined: not at all. */
async function repairOf(
  db: Db,
  recorded: Recorded | undefined,
  from: Date,
  to: Date,
): Promise<RawSource | undefined> {
  if (recorded && (await repairFromStore(db, recorded, from, to))) return 'store';
  return (await repairRange(db, from, to)) ? 'log' : undefined;
}

/** Totals that differ from the sum of their quarters, of every subject; with `repair` they are made anew. */
async function checkTotals(db: Db, options: VerifyOptions): Promise<Difference[]> {
  const found: Difference[] = [];
  for (let after: SubjectKey = FIRST_SUBJECT; !options.signal.aborted; ) {
    const subjects = await listSubjects(db, after, SUBJECTS_AT_ONCE);
    found.push(...(await checkTotalsOf(db, subjects, options.repair)));
    if (subjects.length < SUBJECTS_AT_ONCE) break;
    after = subjects.at(-1)!;
  }
  return found;
}

export async function checkTotalsOf(
  db: Db,
  subjects: readonly SubjectKey[],
  repair: boolean,
): Promise<Difference[]> {
  const found = await inSnapshot(db, (tx) => compareTotals(tx, subjects));
  if (found.length > 0 && repair) {
    await db.transaction(async (tx) => {
      await holdPositions(tx);
      await rebuildTotals(tx, found);
    });
  }
  return found;
}

/** Differences of one range, in one snapshot. */
export function compare(db: Db, from: Date, to: Date): Promise<Difference[]> {
  return inSnapshot(db, (tx) => compareRange(tx, from, to, SHOWN));
}

function addRange(
  ranges: VerifiedRange[],
  from: Date,
  to: Date,
  on: { raw: boolean; sealed: boolean },
): void {
  const basis = on.raw && on.sealed ? 'both' : on.sealed ? 'sealed' : 'recomputed';
  const last = ranges.at(-1);
  if (last?.basis === basis && last.to.getTime() === from.getTime()) last.to = to;
  else ranges.push({ from, to, basis });
}

function inSnapshot<T>(db: Db, work: (tx: Db) => Promise<T>): Promise<T> {
  return db.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    // Before the snapshot: retention cannot drop a partition between what it sealed and what this counts.
    await tx.query('lock table event_log in access share mode');
    return work(tx);
  });
}

function floorQuarter(at: Date): Date {
  return new Date(Math.floor(at.getTime() / QUARTER_MS) * QUARTER_MS);
}

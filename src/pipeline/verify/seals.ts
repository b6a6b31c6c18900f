import type { Db } from '../../db/pool.ts';
import { checkSealsAfter, countStrays, listLaneEnds, type SealCheck } from './seals.queries.ts';

/** Batches whose raw rows no longer give the digest that the aggregator saw: raw was altered, not the counters. */
export type BrokenSeal = Omit<SealCheck, 'ok'>;

const SEALS_AT_ONCE = 50;

export interface SealsReport {
  readonly broken: readonly BrokenSeal[];
  /** Raw rows outside every lane. */
  readonly strays: number;
}

/** Every seal of every lane, and that they are a chain without gaps up to the position. */
export async function checkSeals(db: Db, signal: AbortSignal): Promise<SealsReport> {
  const broken: BrokenSeal[] = [];
  for (const { lane, position } of await listLaneEnds(db)) {
    let after = 0;
    while (!signal.aborted) {
      const seals = await checkSealsAfter(db, lane, after, SEALS_AT_ONCE);
      for (const seal of seals) {
        broken.push(...checkLink(seal, after));
        after = seal.up_to;
      }
      if (seals.length < SEALS_AT_ONCE) break;
    }
    if (after < position && !signal.aborted) broken.push(missing(lane, after, position));
  }
  return { broken, strays: await countStrays(db) };
}

/** What is wrong with a seal that should begin where the one before it ended. */
export function checkLink({ ok, ...seal }: SealCheck, expected: number): BrokenSeal[] {
  const gap = seal.after > expected ? [missing(seal.partition, expected, seal.after)] : [];
  return ok ? gap : [...gap, seal];
}

/** A seal that is not there any more: nobody can tell what its rows were, nor when. */
function missing(partition: number, after: number, upTo: number): BrokenSeal {
  return { partition, after, up_to: upTo, events: 0, found: 0, first_at: null, last_at: null };
}

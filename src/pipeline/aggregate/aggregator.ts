import { isDataError, isRollback } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';
import {
  type CountedBatch,
  countBatch,
  markComplete,
  type Position,
  parkEvent,
  readPositions,
} from './count.queries.ts';

/** 5,000 events are counted in some 60 ms; more would only lengthen the transaction that others may wait for. */
const BATCH = 5_000;
const IDLE_MS = 100;
const MARK_MS = 400;
const RETRY_MAX_MS = 2_000;
const TRIES = 5;

export interface Aggregator {
  /** Runs until closed; engine trouble is waited out. */
  readonly close: () => Promise<void>;
}

interface AggregatorDeps {
  readonly db: Db;
  readonly log: EventLog;
  readonly logger: Logger;
}

/** Counts whatever the event log holds, for as long as the process lives. Any number of them may run at once. */
export function startAggregator(deps: AggregatorDeps): Aggregator {
  const stop = new AbortController();
  const running = loop(deps, stop.signal);
  return {
    close: () => {
      stop.abort();
      return running;
    },
  };
}

async function loop(deps: AggregatorDeps, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let markedAt = 0;
  while (!signal.aborted) {
    try {
      const mark = performance.now() - markedAt > MARK_MS;
      if (mark) markedAt = performance.now();
      const counted = await countRound(deps, mark);
      failures = 0;
      if (counted === 0) await sleep(IDLE_MS, signal);
    } catch (error) {
      failures += 1;
      if (failures === 3) deps.logger.warn({ err: error }, 'counting waits for its database');
      await sleep(
        Math.min(RETRY_MAX_MS, 50 * 2 ** Math.min(failures, 6)) * (0.5 + Math.random() / 2),
        signal,
      );
    }
  }
}

/** Counts until every partition was once read to its end. For commands that run without a server. */
export async function countUntilDry(deps: AggregatorDeps): Promise<number> {
  let total = 0;
  for (;;) {
    const counted = await countRound(deps, true);
    if (counted === 0) return total;
    total += counted;
  }
}

/** One batch of each partition; returns the events counted. */
async function countRound(deps: AggregatorDeps, mark: boolean): Promise<number> {
  const { db, log } = deps;
  failpoint?.('count.before-positions');
  const positions = await readPositions(db, log.identity);
  if (positions.length === 0) return 0;
  // Taken before the reads: what was acknowledged before it, they see.
  const clock = await log.clock();
  let counted = 0;
  for (const at of positions) counted += await countPartition(deps, at, clock, mark);
  return counted;
}

async function countPartition(
  deps: AggregatorDeps,
  at: Position,
  clock: Date,
  mark: boolean,
): Promise<number> {
  const { db, log } = deps;
  const span = await log.span(at.partition, at.position, BATCH);
  if (span.count === 0) {
    if (mark) await markComplete(db, log.identity, at, clock);
    return 0;
  }
  const completeThrough = span.atEnd ? clock : undefined;
  const batch = {
    log: log.identity,
    partition: at.partition,
    after: at.position,
    upTo: span.upTo,
    completeThrough,
  };
  try {
    return (await countBatch(db, batch)) ?? 0;
  } catch (error) {
    if (isRollback(error)) return 0;
    if (!isDataError(error)) throw error;
    return countAround(deps, batch, span.count);
  }
}

/** Something in the batch cannot be counted: halve it until it stands alone, try it five times, then park it. */
async function countAround(deps: AggregatorDeps, batch: CountedBatch, count: number): Promise<number> {
  const { db, log, logger } = deps;
  if (count > 1) {
    const half = await log.span(batch.partition, batch.after, count >> 1);
    const smaller = { ...batch, upTo: half.upTo, completeThrough: undefined };
    try {
      return (await countBatch(db, smaller)) ?? 0;
    } catch (error) {
      if (!isDataError(error)) throw error;
      return countAround(deps, smaller, half.count);
    }
  }
  let reason = '';
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      return (await countBatch(db, batch)) ?? 0;
    } catch (error) {
      if (!isDataError(error)) throw error;
      reason = (error as Error).message;
    }
  }
  logger.warn(
    { partition: batch.partition, position: batch.upTo },
    'an event could not be counted and was parked',
  );
  await parkEvent(db, batch, reason, TRIES);
  return 1;
}

import { isDataError, isRollback } from '../../db/pg-errors.ts';
import type { Clock } from '../../kit/clock.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Timers } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';
import type { CountedBatch, Position } from './count.queries.ts';

export type { CountedBatch, Position };

/** After a round that found less than a batch: a round costs the same for ten events as for a thousand. */
const REST_MS = 100;
const MARK_MS = 400;
const RETRY_MAX_MS = 2_000;
const TRIES = 5;

/** Where counting stands and what it writes; each function one transaction. */
export interface CountStore {
  /** Of every partition of the log, new ones added. */
  readonly readPositions: () => Promise<readonly Position[]>;
  /** Events counted, or undefined where the position was no longer `batch.after`. */
  readonly countBatch: (batch: CountedBatch) => Promise<number | undefined>;
  readonly parkEvent: (batch: CountedBatch, reason: string, tries: number) => Promise<void>;
  readonly markComplete: (at: Position, through: Date) => Promise<void>;
}

export interface CountingDeps {
  readonly store: CountStore;
  readonly log: Pick<EventLog, 'identity' | 'clock' | 'span'>;
  readonly logger: Pick<Logger, 'warn'>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Numbers in [0, 1), to spread repeats. */
  readonly random: () => number;
  /** Most events of one batch. */
  readonly batch: number;
  /** What the log of this process says while the work waits. */
  readonly waiting?: string;
}

/** Counts whatever the event log holds until `signal` aborts; engine trouble is waited out. */
export async function keepCounting(deps: CountingDeps, signal: AbortSignal): Promise<void> {
  const { clock, timers } = deps;
  let failures = 0;
  let markedAt = Number.NEGATIVE_INFINITY;
  while (!signal.aborted) {
    try {
      const mark = clock.monotonicMs() - markedAt > MARK_MS;
      if (mark) markedAt = clock.monotonicMs();
      const counted = await countRound(deps, mark);
      failures = 0;
      if (counted < deps.batch) await timers.sleep(REST_MS, signal);
    } catch (error) {
      failures += 1;
      if (failures === 3) deps.logger.warn({ err: error }, deps.waiting ?? 'counting waits for its database');
      const pause = Math.min(RETRY_MAX_MS, 50 * 2 ** Math.min(failures, 6));
      await timers.sleep(pause * (0.5 + deps.random() / 2), signal);
    }
  }
}

/**
 * Counts until everything that was acknowledged before this call is in the numbers, by whomever; returns the events
 * counted here. A round without a count would not tell: its batch may have gone to another aggregator, which then died.
 */
export async function countToEnd(deps: CountingDeps): Promise<number> {
  const since = await deps.log.clock();
  let counted = 0;
  for (;;) {
    const round = await countRound(deps, true);
    counted += round;
    const positions = await deps.store.readPositions();
    // After a step back of the database's clock the instants say nothing; a full batch still says that more may wait.
    if (round < deps.batch && positions.every((at) => at.complete_through > since)) return counted;
  }
}

/** One batch of each partition; returns the events counted. */
async function countRound(deps: CountingDeps, mark: boolean): Promise<number> {
  // Taken before the partitions are listed and read: what was acknowledged before it, they hold and the reads see.
  const clock = await deps.log.clock();
  failpoint?.('count.before-positions');
  const positions = await deps.store.readPositions();
  let counted = 0;
  for (const at of positions) counted += await countPartition(deps, at, clock, mark);
  return counted;
}

async function countPartition(deps: CountingDeps, at: Position, clock: Date, mark: boolean): Promise<number> {
  const { store, log } = deps;
  const span = await log.span(at.partition, at.position, deps.batch);
  if (span.count === 0) {
    if (mark) await store.markComplete(at, clock);
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
    return (await store.countBatch(batch)) ?? 0;
  } catch (error) {
    if (isRollback(error)) return 0;
    if (!isDataError(error)) throw error;
    return countAround(deps, batch, span.count);
  }
}

/** Something in the batch cannot be counted: halve it until it stands alone, try it five times, then park it. */
async function countAround(deps: CountingDeps, batch: CountedBatch, count: number): Promise<number> {
  const { store, log, logger } = deps;
  if (count > 1) {
    const half = await log.span(batch.partition, batch.after, count >> 1);
    const smaller = { ...batch, upTo: half.upTo, completeThrough: undefined };
    try {
      return (await store.countBatch(smaller)) ?? 0;
    } catch (error) {
      if (!isDataError(error)) throw error;
      return countAround(deps, smaller, half.count);
    }
  }
  let reason = '';
  for (let tries = 1; tries <= TRIES; tries += 1) {
    try {
      return (await store.countBatch(batch)) ?? 0;
    } catch (error) {
      if (!isDataError(error)) throw error;
      reason = (error as Error).message;
    }
  }
  logger.warn(
    { partition: batch.partition, position: batch.upTo },
    'an event could not be counted and was parked',
  );
  await store.parkEvent(batch, reason, TRIES);
  return 1;
}

import type { Db } from '../../db/pool.ts';
import { systemClock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { systemTimers } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { countBatch, markComplete, parkEvent, readPositions } from './count.queries.ts';
import { type CountingDeps, countToEnd, keepCounting } from './counting.ts';

/** 5,000 events are counted in some 60 ms; more would only lengthen the transaction that others may wait for. */
export const BATCH = 5_000;

/** What the simulation replaces. */
export const REAL_TIME = { clock: systemClock, timers: systemTimers, random: Math.random };

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
  return startCounting(toCounting(deps));
}

/** The steps of counting over and over, until closed. */
export function startCounting(deps: CountingDeps): Aggregator {
  const stop = new AbortController();
  const running = keepCounting(deps, stop.signal);
  return {
    close: () => {
      stop.abort();
      return running;
    },
  };
}

/** Counts until every partition was once read to its end. For commands that run without a server. */
export function countUntilDry(deps: AggregatorDeps): Promise<number> {
  return countToEnd(toCounting(deps));
}

function toCounting({ db, log, logger }: AggregatorDeps): CountingDeps {
  return {
    store: {
      readPositions: () => readPositions(db, log.identity),
      countBatch: (batch) => countBatch(db, batch),
      parkEvent: (batch, reason, tries) => parkEvent(db, batch, reason, tries),
      markComplete: (at, through) => markComplete(db, log.identity, at, through),
    },
    log,
    logger,
    ...REAL_TIME,
    batch: BATCH,
  };
}

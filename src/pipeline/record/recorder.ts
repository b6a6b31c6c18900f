import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import type { EventLog, LogBatch } from '../../ports/event-log.ts';
import {
  type Aggregator,
  BATCH,
  type CountedBatch,
  type CountingDeps,
  countToEnd,
  markComplete,
  REAL_TIME,
  startCounting,
} from '../aggregate/index.ts';
import {
  parkRecorded,
  RAW_STORE,
  type RawRows,
  type RecordedBatch,
  readRecordPositions,
  recordBatch,
} from './record.queries.ts';

export interface RecorderDeps {
  readonly db: Db;
  /** A log that is not the raw store, its partitions registered. */
  readonly log: EventLog;
  readonly rows: RawRows;
  readonly logger: Logger;
}

/** Records and counts whatever the log holds, for as long as the process lives. Any number of them share the partitions. */
export function startRecorder(deps: RecorderDeps): Aggregator {
  return startCounting(toCounting(deps));
}

/** Until every partition was once read to its end. For commands that run without a server. */
export function recordUntilDry(deps: RecorderDeps): Promise<number> {
  return countToEnd(toCounting(deps));
}

/** Records in the log that are not counted yet, as far as Kafka says now. Rejects where it does not answer. */
export async function findRecordLag({ db, log }: Pick<RecorderDeps, 'db' | 'log'>): Promise<number> {
  let lag = 0;
  for (const at of await readRecordPositions(db, log.identity)) {
    const span = await log.span(at.partition, at.position, Number.MAX_SAFE_INTEGER);
    lag += span.count;
  }
  return lag;
}

interface HeldBatch extends LogBatch {
  readonly after: number;
}

/** The steps of counting, over batches that are read out of the log instead of counted where they lie. */
function toCounting({ db, log, rows, logger }: RecorderDeps): CountingDeps {
  const lanes = new Map<number, number>();
  const held = new Map<number, HeldBatch>();
  let round = 0;

  function take(batch: CountedBatch): RecordedBatch {
    const { events = [], unreadable = [] } = held.get(batch.partition) ?? {};
    const inside = ({ position }: { readonly position: number }) =>
      position > batch.after && position <= batch.upTo;
    return {
      ...batch,
      log: RAW_STORE,
      partition: lanes.get(batch.partition)!,
      events: events.filter(inside),
      unreadable: unreadable.filter(inside),
    };
  }

  return {
    log: {
      identity: log.identity,
      clock: log.clock,
      span: async (partition, after, limit) => {
        const last = held.get(partition);
        if (last?.after === after && limit < last.count) return shorten(last, limit);
        const batch = await log.read(partition, after, limit);
        held.set(partition, { ...batch, after });
        return batch;
      },
    },
    store: {
      readPositions: async () => {
        const positions = await readRecordPositions(db, log.identity);
        for (const at of positions) lanes.set(at.partition, at.lane);
        // Each round begins at another partition: one that fails holds the others back in some rounds only.
        round += 1;
        const first = round % Math.max(1, positions.length);
        return [...positions.slice(first), ...positions.slice(0, first)];
      },
      countBatch: async (batch) => {
        const recorded = take(batch);
        if (!(await recordBatch(db, rows, recorded))) return undefined;
        held.delete(batch.partition);
        return recorded.events.length + recorded.unreadable.length;
      },
      parkEvent: (batch, reason, tries) => parkRecorded(db, rows, take(batch), reason, tries),
      markComplete: (at, through) =>
        markComplete(db, RAW_STORE, { ...at, partition: lanes.get(at.partition)! }, through),
    },
    logger,
    ...REAL_TIME,
    batch: BATCH,
  };
}

/** The first `limit` records of a batch that was read. */
function shorten({ events, unreadable = [] }: LogBatch, limit: number) {
  const positions = [...events, ...unreadable].map((one) => one.position).sort((a, b) => a - b);
  return { upTo: positions[limit - 1]!, count: limit, atEnd: false };
}

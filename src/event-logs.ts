import type { Config } from './config.ts';
import type { Pool } from './db/pool.ts';
import type { KafkaFacts, KafkaLog } from './engines/kafka/kafka-log.ts';
import { openPostgresLog } from './engines/postgres/postgres-log.ts';
import { createRawRows } from './engines/postgres/raw-rows.ts';
import { systemClock } from './kit/clock.ts';
import type { Logger } from './kit/logger.ts';
import { sleep } from './kit/wait.ts';
import { type LateKafka, openLateKafka } from './late-kafka.ts';
import {
  type Aggregator,
  countUntilDry,
  type PipelineState,
  readPipelineState,
  startAggregator,
} from './pipeline/aggregate/index.ts';
import { createSpillLog } from './pipeline/ingest/index.ts';
import {
  findRecordLag,
  type LeftLog,
  listLeftLogs,
  recordUntilDry,
  registerPartitions,
  startRecorder,
} from './pipeline/record/index.ts';
import type { EventLog } from './ports/event-log.ts';

const LAG_MS = 1_000;

interface EventLogsOptions {
  readonly config: Config;
  readonly db: Pool;
  readonly directUrl: string;
  readonly logger: Logger;
  /** Whether this process appends events. */
  readonly writes: boolean;
  /** False for a command that looks at a database which may lack a migration. */
  readonly registers: boolean;
  /** Whether it opens while Kafka does not answer, to go on with it later. */
  readonly waits: boolean;
}

/** The log that takes events, and every log whose events are counted. */
export interface EventLogs {
  readonly log: EventLog;
  /** For people. */
  readonly kafka: KafkaFacts | undefined;
  readonly counting: Counting;
  readonly close: () => Promise<void>;
}

export interface Counting {
  readonly start: () => Aggregator;
  /** Counts what every log holds; returns the events counted here. */
  readonly untilDry: () => Promise<number>;
  /** `lag_events` of all logs; null where one of them does not answer. */
  readonly readState: () => Promise<CountingState>;
  /** Other logs that events were once counted from: until they are left for good, they hold `complete_through` back. */
  readonly listLeft: () => Promise<readonly LeftLog[]>;
}

export interface CountingState extends Omit<PipelineState, 'lag_events'> {
  readonly lag_events: number | null;
}

/**
 * PostgreSQL's log alone, or Kafka before it. PostgreSQL's is read in both cases: it may hold what came before Kafka was
 * set, or while Kafka was away. Where Kafka cannot be opened, the other is closed again.
 */
export async function openEventLogs(options: EventLogsOptions): Promise<EventLogs> {
  const { config, db, directUrl, logger, writes } = options;
  const own = await openPostgresLog({
    db,
    directUrl,
    clock: systemClock,
    log: logger,
    writes: writes && (config.kafka === undefined || config.spills),
  });
  if (!config.kafka) return postgresAlone(db, own, logger);
  try {
    const kafka = await openLateKafka({
      open: () => openKafka(options, own.clock),
      waits: options.waits,
      logger,
    });
    return kafkaBefore(own, kafka, options);
  } catch (error) {
    await own.close();
    throw error;
  }
}

function postgresAlone(db: Pool, log: EventLog, logger: Logger): EventLogs {
  const deps = { db, log, logger };
  return {
    log,
    kafka: undefined,
    counting: {
      start: () => startAggregator(deps),
      untilDry: () => countUntilDry(deps),
      readState: () => readPipelineState(db, log.identity),
      listLeft: () => listLeftLogs(db, log.identity),
    },
    close: log.close,
  };
}

function kafkaBefore(own: EventLog, kafka: LateKafka, { config, db, logger }: EventLogsOptions): EventLogs {
  const counted = { db, log: own, logger };
  const recorded = { db, log: kafka.log, rows: createRawRows(db), logger };
  const log = config.spills
    ? createSpillLog(kafka.log, own, (spills) =>
        logger.warn(
          spills
            ? 'Kafka takes no events: they go to PostgreSQL’s log meanwhile'
            : 'events go to Kafka again',
        ),
      )
    : kafka.log;
  return {
    log,
    kafka: kafka.current()?.facts,
    counting: {
      start: () => {
        const aggregator = startAggregator(counted);
        const recorder = startOnceOpen(kafka, () => startRecorder(recorded));
        return {
          close: async () => {
            await Promise.all([aggregator.close(), recorder.close()]);
          },
        };
      },
      untilDry: async () => (await recordUntilDry(recorded)) + (await countUntilDry(counted)),
      readState: async () => {
        const [state, waiting] = await Promise.all([
          readPipelineState(db, own.identity),
          kafka.current() && withLimit(findRecordLag(recorded), LAG_MS).catch(() => undefined),
        ]);
        return { ...state, lag_events: waiting === undefined ? null : state.lag_events + waiting };
      },
      // Until Kafka answers, nobody knows which of them it is.
      listLeft: async () => {
        const current = kafka.current();
        return current ? listLeftLogs(db, current.identity) : [];
      },
    },
    close: async () => {
      await kafka.log.close();
      await own.close();
    },
  };
}

function startOnceOpen(kafka: LateKafka, start: () => Aggregator): Aggregator {
  let closed = false;
  const started = kafka.opened.then(() => (closed ? undefined : start()));
  return {
    close: async () => {
      closed = true;
      if (kafka.current()) await (await started)?.close();
    },
  };
}

async function openKafka(
  { config, db, logger, writes, registers }: EventLogsOptions,
  now: () => Promise<Date>,
): Promise<KafkaLog> {
  const { openKafkaLog } = await import('./engines/kafka/kafka-log.ts');
  const log = await openKafkaLog({
    settings: config.kafka!,
    clock: systemClock,
    log: logger,
    writes,
    creates: registers,
    now,
    registers: registers ? (grown) => registerPartitions(db, grown) : undefined,
  });
  if (!registers) return log;
  // Before the first event is written: whoever counts then knows every partition that may hold one.
  await registerPartitions(db, log).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  return log;
}

/** Of a request's time: an answer about the lag is worth less. */
async function withLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  const limit = new AbortController();
  const late = sleep(ms, limit.signal).then(() => {
    throw new Error('Kafka did not answer in time.');
  });
  late.catch(() => undefined);
  return Promise.race([work, late]).finally(() => limit.abort());
}

import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog, LogPartition } from '../../ports/event-log.ts';
import { type KafkaSettings, loadKafka, withLimit } from './kafka-client.ts';
import { createKafkaReader } from './kafka-reader.ts';
import { explainKafkaRefusal } from './kafka-refusal.ts';
import { type KafkaTopic, openTopic, TopicError } from './kafka-topic.ts';
import { openKafkaWriter } from './kafka-writer.ts';
import { watchPartitions } from './partition-watch.ts';

interface KafkaLogOptions {
  readonly settings: KafkaSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** False for a process that only reads. */
  readonly writes: boolean;
  /** Whether a topic that is missing is made; by default only for a process that writes. */
  readonly creates?: boolean;
  /** The clock of the database that keeps the positions. */
  readonly now: () => Promise<Date>;
  /** Told of partitions that were added, before the first event is written into them: whoever counts must know them first. */
  readonly registers?: ((log: Pick<EventLog, 'identity' | 'listPartitions'>) => Promise<void>) | undefined;
  /** Milliseconds between two looks for further partitions. */
  readonly watchMs?: number;
}

/** What the log is, for people. */
export type KafkaFacts = Pick<KafkaTopic, 'brokers' | 'partitions' | 'copies' | 'version'> & {
  readonly topic: string;
};

export interface KafkaLog extends EventLog {
  readonly facts: KafkaFacts;
}

const OPEN_TRIES = 5;
const OPEN_MS = 4_000;
const OPEN_PAUSE_MS = 300;

/** The event log in Kafka. It keeps every copy of an id; whoever counts it, deduplicates. */
export async function openKafkaLog(options: KafkaLogOptions): Promise<KafkaLog> {
  const { settings } = options;
  const kafka = await loadKafka();
  const topic = await patiently(settings, (attempt) =>
    openTopic(kafka, settings, attempt, options.creates ?? options.writes),
  );
  const reader = createKafkaReader({ kafka, settings, topic });
  const writer = options.writes ? await openKafkaWriter({ ...options, kafka, topic }) : undefined;
  const identity = `kafka:${topic.clusterId}/${topic.id}`;
  let { partitions } = topic;
  const watch = watchPartitions({
    kafka,
    settings,
    topic,
    log: options.log,
    everyMs: options.watchMs,
    onMore: async (count) => {
      await options.registers?.({ identity, listPartitions: () => Promise.resolve(toPartitions(count)) });
      await writer?.grow(count);
      partitions = count;
    },
  });

  return {
    identity,
    facts: { ...topic, topic: settings.topic },
    capabilities: { deduplicates: false, isRawStore: false },
    append: (events) => writer?.append(events) ?? Promise.reject(readsOnly()),
    queued: () => writer?.queued() ?? 0,
    expectedWaitMs: () => writer?.expectedWaitMs() ?? 0,
    writable: () => writer?.writable() ?? false,
    listPartitions: () => Promise.resolve(toPartitions(partitions)),
    read: reader.read,
    span: reader.span,
    clock: options.now,
    close: async () => {
      await watch.close();
      await writer?.close();
      await reader.close();
    },
  };
}

function toPartitions(count: number): LogPartition[] {
  return Array.from({ length: count }, (_, partition) => ({ partition, createdAt: new Date(0) }));
}

/** What Kafka answers about its topic is final; that it does not answer may pass. */
async function patiently<T>(settings: KafkaSettings, work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await withLimit(work(attempt), OPEN_MS, 'answer');
    } catch (error) {
      if (error instanceof TopicError) throw new AppError('conflict', error.message, { cause: error });
      const refusal = explainKafkaRefusal(error, settings);
      if (refusal) throw refusal;
      if (attempt + 1 === OPEN_TRIES)
        throw new AppError(
          'unavailable',
          `Kafka does not answer at ${settings.brokers.join(', ')}: ${(error as Error).message}. See that it runs and that KAFKA_BROKERS and what belongs to it are right, then start again.`,
          { cause: error },
        );
      await sleep(OPEN_PAUSE_MS);
    }
  }
}

function readsOnly(): AppError {
  return new AppError('unavailable', 'This process only reads the event log.');
}

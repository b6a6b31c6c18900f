import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';
import { type KafkaSettings, loadKafka, withLimit } from './kafka-client.ts';
import { createKafkaReader } from './kafka-reader.ts';
import { type KafkaTopic, openTopic, TopicError } from './kafka-topic.ts';
import { openKafkaWriter } from './kafka-writer.ts';

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
  const topic = await patiently(settings.brokers, (attempt) =>
    openTopic(kafka, settings, attempt, options.creates ?? options.writes),
  );
  const reader = createKafkaReader({ kafka, settings, topic });
  const writer = options.writes ? await openKafkaWriter({ ...options, kafka, topic }) : undefined;

  return {
    identity: `kafka:${topic.clusterId}/${topic.id}`,
    facts: { ...topic, topic: settings.topic },
    capabilities: { deduplicates: false, isRawStore: false },
    append: (events) => writer?.append(events) ?? Promise.reject(readsOnly()),
    queued: () => writer?.queued() ?? 0,
    expectedWaitMs: () => writer?.expectedWaitMs() ?? 0,
    writable: () => writer?.writable() ?? false,
    // As many as there were when it was opened, for writing and for reading: one that is added later is used after a restart.
    listPartitions: () =>
      Promise.resolve(
        Array.from({ length: topic.partitions }, (_, partition) => ({ partition, createdAt: new Date(0) })),
      ),
    read: reader.read,
    span: reader.span,
    clock: options.now,
    close: async () => {
      await writer?.close();
      await reader.close();
    },
  };
}

/** What Kafka answers about its topic is final; that it does not answer may pass. */
async function patiently<T>(brokers: readonly string[], work: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await withLimit(work(attempt), OPEN_MS, 'answer');
    } catch (error) {
      if (error instanceof TopicError) throw new AppError('conflict', error.message, { cause: error });
      if (attempt + 1 === OPEN_TRIES)
        throw new AppError(
          'unavailable',
          `Kafka does not answer at ${brokers.join(', ')}: ${(error as Error).message}. See that it runs and that KAFKA_BROKERS and what belongs to it are right, then start again.`,
          { cause: error },
        );
      await sleep(OPEN_PAUSE_MS);
    }
  }
}

function readsOnly(): AppError {
  return new AppError('unavailable', 'This process only reads the event log.');
}

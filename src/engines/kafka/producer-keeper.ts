import type { Producer } from '@platformatic/kafka';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import { clientOptions, type KafkaPackage, type KafkaSettings, withLimit } from './kafka-client.ts';
import type { KafkaTopic } from './kafka-topic.ts';

const OPEN_MS = 2_500;
const REOPEN_MS = 250;
/** Of the attempts to open one, which are told. */
const TOLD_EVERY = 20;

export type EventProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

export interface KeeperOptions {
  readonly kafka: KafkaPackage;
  readonly settings: KafkaSettings;
  readonly topic: KafkaTopic;
  readonly log: Pick<Logger, 'info' | 'warn' | 'debug'>;
}

export interface ProducerKeeper {
  /** undefined while there is none. */
  readonly current: () => EventProducer | undefined;
  /** The topic has so many partitions now: no producer that knows of fewer is used. Rejects where one does not learn it. */
  readonly expect: (partitions: number) => Promise<void>;
  /** To be called once a send failed: this client's producers do not always recover. */
  readonly giveUp: (failed: EventProducer, cause: unknown) => void;
  readonly close: () => Promise<void>;
}

/** Keeps one idempotent producer open; one that is given up is replaced, with the list of brokers rotated. */
export async function openProducerKeeper(options: KeeperOptions): Promise<ProducerKeeper> {
  const stop = new AbortController();
  let least = options.topic.partitions;
  let producer: EventProducer | undefined = await openProducer(options, 0, least);
  let reopening: Promise<void> | undefined;
  let attempts = 0;

  async function reopen(): Promise<void> {
    while (!stop.signal.aborted && producer === undefined) {
      try {
        attempts += 1;
        producer = await openProducer(options, attempts, least);
        options.log.info('the event log writes to Kafka again');
      } catch (error) {
        if (attempts % TOLD_EVERY === 1)
          options.log.warn({ err: error }, 'the event log cannot write to Kafka');
        await sleep(REOPEN_MS, stop.signal);
      }
    }
  }

  return {
    current: () => producer,
    expect: async (partitions) => {
      least = partitions;
      const current = producer;
      if (current) await withLimit(learnTopic(current, options, least), OPEN_MS, 'tell its partitions');
    },
    giveUp: (failed, cause) => {
      if (producer !== failed) return;
      producer = undefined;
      options.log.debug({ err: cause }, 'a Kafka producer was given up');
      void closeProducer(failed);
      if (!stop.signal.aborted) reopening ??= reopen().finally(() => (reopening = undefined));
    },
    close: async () => {
      stop.abort();
      await reopening;
      if (producer) await closeProducer(producer);
    },
  };
}

async function openProducer(options: KeeperOptions, attempt: number, least: number): Promise<EventProducer> {
  const { kafka, settings } = options;
  const producer = new kafka.Producer({
    ...clientOptions(settings, attempt),
    idempotent: true,
    acks: kafka.ProduceAcks.ALL,
    autocreateTopics: false,
  });
  try {
    const work = async () => {
      await learnTopic(producer, options, least);
      await producer.initIdempotentProducer({});
    };
    await withLimit(work(), OPEN_MS, 'open a producer');
    return producer;
  } catch (error) {
    void closeProducer(producer);
    throw error;
  }
}

/**
 * What a producer knows of the topic is checked, not believed: to a partition beyond those it knows it sends nothing, and
 * no error either, but the record to another one (its number modulo the count), beside the sends of that one's own queue.
 */
async function learnTopic(
  producer: EventProducer,
  { settings, topic }: KeeperOptions,
  least: number,
): Promise<void> {
  const name = settings.topic;
  const metadata = await producer.metadata({ topics: [name], autocreateTopics: false, forceUpdate: true });
  const found = metadata.topics.get(name);
  if (found?.id !== topic.id)
    throw new Error(`Topic ${name} was deleted or made anew. Start Weir anew to use what is there.`);
  if (found.partitionsCount < least)
    throw new Error(`A broker knows ${found.partitionsCount} of the ${least} partitions of topic ${name}.`);
}

async function closeProducer(producer: EventProducer): Promise<void> {
  // Behind a frozen broker it would wait; nobody needs to hear the end of it.
  await withLimit(producer.close(true), OPEN_MS, 'close').catch(() => undefined);
}

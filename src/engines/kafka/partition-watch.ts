import type { Admin } from '@platformatic/kafka';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import { clientOptions, type KafkaPackage, type KafkaSettings, withLimit } from './kafka-client.ts';
import type { KafkaTopic } from './kafka-topic.ts';

const EVERY_MS = 5_000;
const LOOK_MS = 2_000;

interface WatchOptions {
  readonly kafka: KafkaPackage;
  readonly settings: KafkaSettings;
  readonly topic: KafkaTopic;
  readonly log: Pick<Logger, 'info' | 'warn' | 'debug'>;
  /** Milliseconds between two looks. */
  readonly everyMs?: number | undefined;
  /** Takes further partitions into use; where it rejects, the next look tries again. */
  readonly onMore: (partitions: number) => Promise<void>;
}

export interface PartitionWatch {
  readonly close: () => Promise<void>;
}

/** Looks now and then whether the topic was given more partitions, on a connection of its own. */
export function watchPartitions(options: WatchOptions): PartitionWatch {
  const { settings, topic, log, everyMs = EVERY_MS } = options;
  const stop = new AbortController();
  let known = topic.partitions;
  let attempts = 0;
  let admin: Admin | undefined;

  async function look(): Promise<void> {
    admin ??= new options.kafka.Admin(clientOptions(settings, attempts++));
    const work = admin.metadata({ topics: [settings.topic], autocreateTopics: false, forceUpdate: true });
    const found = (await withLimit(work, LOOK_MS, 'tell its partitions')).topics.get(settings.topic);
    if (!found || found.id !== topic.id || found.partitionsCount <= known || stop.signal.aborted) return;
    await options.onMore(found.partitionsCount);
    known = found.partitionsCount;
    log.info({ topic: settings.topic, partitions: known }, 'the topic has more partitions: they are used');
  }

  function drop(): void {
    const dropped = admin;
    admin = undefined;
    void dropped?.close().catch(() => undefined);
  }

  const watching = (async () => {
    for (;;) {
      await sleep(everyMs, stop.signal);
      if (stop.signal.aborted) return;
      await look().catch((error: unknown) => {
        log.debug({ err: error }, 'Kafka did not tell its partitions');
        drop();
      });
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await watching;
      drop();
    },
  };
}

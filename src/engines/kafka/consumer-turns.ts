import type { Consumer } from '@platformatic/kafka';
import {
  clientOptions,
  type KafkaPackage,
  type KafkaSettings,
  toKafkaError,
  withLimit,
} from './kafka-client.ts';

const CALL_MS = 5_000;
const CLOSE_MS = 1_000;

export type EventConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;

export interface ConsumerTurns {
  /** Rejects with an EngineError, or with what `isAnswer`. */
  readonly run: <T>(operation: string, work: (consumer: EventConsumer) => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

interface TurnsOptions {
  readonly kafka: KafkaPackage;
  readonly settings: KafkaSettings;
  /** Whether an error says what is in the log, and nothing against the client. */
  readonly isAnswer: (error: unknown) => boolean;
}

/**
 * One client for all reads, one call at a time: its fetch sessions bear no two. One that failed is given up and replaced,
 * with the list of brokers rotated.
 */
export function createConsumerTurns({ kafka, settings, isAnswer }: TurnsOptions): ConsumerTurns {
  let consumer: EventConsumer | undefined;
  let attempts = 0;
  let last: Promise<unknown> = Promise.resolve();

  function open(): EventConsumer {
    if (consumer) return consumer;
    // Of a group in name only: it never joins one.
    consumer = new kafka.Consumer({ ...clientOptions(settings, attempts), groupId: 'weir' });
    consumer.topics.track(settings.topic);
    attempts += 1;
    return consumer;
  }

  return {
    run: (operation, work) => {
      const run = async () => {
        const client = open();
        try {
          return await withLimit(work(client), CALL_MS, operation);
        } catch (error) {
          if (isAnswer(error)) throw error;
          consumer = undefined;
          void closeConsumer(client);
          throw toKafkaError(error, operation);
        }
      };
      const turn = last.then(run, run);
      last = turn.catch(() => undefined);
      return turn;
    },
    close: async () => {
      await last;
      if (consumer) await closeConsumer(consumer);
    },
  };
}

async function closeConsumer(consumer: EventConsumer): Promise<void> {
  // Behind a frozen broker it would wait; nobody needs to hear the end of it.
  await withLimit(consumer.close(true), CLOSE_MS, 'close').catch(() => undefined);
}

import type { KafkaLog } from './engines/kafka/kafka-log.ts';
import { AppError } from './kit/errors.ts';
import type { Logger } from './kit/logger.ts';
import { sleep } from './kit/wait.ts';
import type { EventLog } from './ports/event-log.ts';

const PAUSE_MS = 1_000;

/** A log in Kafka that may not be there yet. */
export interface LateKafka {
  /** Refuses with `unavailable` until it is there. */
  readonly log: EventLog;
  readonly current: () => KafkaLog | undefined;
  /** Resolves once it is there; never, where Kafka never answers. */
  readonly opened: Promise<KafkaLog>;
}

interface LateOptions {
  readonly open: () => Promise<KafkaLog>;
  /** Whether to go on without it while Kafka does not answer. */
  readonly waits: boolean;
  readonly logger: Logger;
}

/**
 * Opens the log now; where Kafka does not answer, a process that `waits` is given one that opens later, so that a server
 * starts while Kafka is away. What Kafka answers to be wrong rejects in any case.
 */
export async function openLateKafka({ open, waits, logger }: LateOptions): Promise<LateKafka> {
  const stop = new AbortController();
  let current: KafkaLog | undefined;

  async function keepOpening(): Promise<KafkaLog> {
    for (;;) {
      await sleep(PAUSE_MS, stop.signal);
      if (stop.signal.aborted) return new Promise(() => undefined);
      try {
        current = await open();
        logger.info('Kafka is there: the event log takes events');
        return current;
      } catch (error) {
        logger.debug({ err: error }, 'Kafka is not there yet');
      }
    }
  }

  try {
    current = await open();
  } catch (error) {
    if (!waits || !(error instanceof AppError && error.code === 'unavailable')) throw error;
    logger.warn({ err: error }, 'the event log has no Kafka yet; the server starts without it');
  }
  const opened = current ? Promise.resolve(current) : keepOpening();
  const there = () => current ?? raiseAway();
  const log: EventLog = {
    get identity() {
      return current?.identity ?? 'kafka';
    },
    capabilities: { deduplicates: false, isRawStore: false },
    append: async (events) => there().append(events),
    listPartitions: async () => there().listPartitions(),
    read: async (...at) => there().read(...at),
    span: async (...at) => there().span(...at),
    clock: async () => there().clock(),
    queued: () => current?.queued() ?? 0,
    expectedWaitMs: () => current?.expectedWaitMs?.() ?? 0,
    writable: () => current?.writable() ?? false,
    close: async () => {
      stop.abort();
      await current?.close();
    },
  };
  return { log, opened, current: () => current };
}

function raiseAway(): never {
  throw new AppError(
    'unavailable',
    'The event log has not reached Kafka since this server started. Nothing was kept; repeat after Retry-After.',
  );
}

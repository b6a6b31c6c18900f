import { type Counting, createCounting } from './assignment/counted-logs.ts';
import { isSamePlace, ownKafka } from './assignment/engine-address.ts';
import { createKnownLogs, factsOf, type KnownLogs, type KnownLogsOptions } from './assignment/known-logs.ts';
import type { KafkaFacts } from './engines/kafka/kafka-log.ts';
import { systemClock } from './kit/clock.ts';
import {
  createMovingLog,
  type Following,
  findFirstMove,
  followMove,
  type MovingLog,
  servingAddress,
} from './pipeline/move/index.ts';
import type { EventLog } from './ports/event-log.ts';

interface EventLogsOptions extends KnownLogsOptions {
  /** Whether it opens while Kafka does not answer, to go on with it later. */
  readonly waits: boolean;
}

/** The log that takes events, and every log whose events are counted. */
export interface EventLogs {
  readonly log: EventLog;
  /** For people. */
  readonly kafka: KafkaFacts | undefined;
  readonly counting: Counting;
  readonly placement: LogPlacement;
  readonly close: () => Promise<void>;
}

/** Where events go, and what can be done about it. Addresses hold no credentials. */
export interface LogPlacement {
  readonly serving: () => string;
  /** What the environment says; another one than `serving` where the log was moved. */
  readonly configured: string;
  readonly logs: KnownLogs;
}

/**
 * PostgreSQL's log alone, or Kafka before it, as the newest move says, else the environment. Where the one that takes events
 * cannot be opened, everything is closed again.
 */
export async function openEventLogs(options: EventLogsOptions): Promise<EventLogs> {
  const { config, db, logger, writes, waits } = options;
  const configured = ownKafka(config);
  const move = await findFirstMove(db, 'event-log');
  let serving = move ? servingAddress(move) : configured;
  const logs = await createKnownLogs(options);
  if (waits && !isSamePlace(serving, configured))
    logger.warn(
      { serving, configured },
      'the event log was moved; the environment names another one: see weir doctor',
    );
  try {
    const first = await logs.open(serving, 'takes', waits);
    const log = createMovingLog(first.log, systemClock);
    const counting = createCounting({ db, logs, logger, serving: () => serving, waits });
    // A command that only reads is gone before it would matter.
    const following =
      writes || waits
        ? await follow({ ...options, log, logs, address: serving, onServing: (to) => (serving = to) })
        : undefined;
    return {
      log,
      get kafka() {
        const known = logs.find(serving);
        return known && factsOf(known);
      },
      counting,
      placement: { serving: () => serving, configured, logs },
      close: async () => {
        await following?.close();
        await logs.close();
      },
    };
  } catch (error) {
    await logs.close();
    throw error;
  }
}

interface FollowingOptions extends EventLogsOptions {
  readonly log: MovingLog;
  readonly logs: KnownLogs;
  readonly address: string;
  readonly onServing: (address: string) => void;
}

function follow({ db, logger, writes, log, logs, address, onServing }: FollowingOptions): Promise<Following> {
  return followMove({
    db,
    log,
    logger,
    address,
    writes,
    onServing,
    open: async (to) => (await logs.open(to, 'takes', false)).log,
    leave: logs.drop,
  });
}

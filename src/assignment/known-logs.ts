import type { Config } from '../config.ts';
import type { Pool } from '../db/pool.ts';
import type { KafkaFacts, KafkaLog } from '../engines/kafka/kafka-log.ts';
import { openPostgresLog } from '../engines/postgres/postgres-log.ts';
import { systemClock } from '../kit/clock.ts';
import { AppError } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { type LateKafka, openLateKafka } from '../late-kafka.ts';
import { createSpillLog } from '../pipeline/ingest/index.ts';
import { noteAddress } from '../pipeline/move/index.ts';
import { registerPartitions } from '../pipeline/record/index.ts';
import type { EventLog } from '../ports/event-log.ts';
import { OWN, toKafkaAccess } from './engine-address.ts';

export interface KnownLogsOptions {
  readonly config: Config;
  readonly db: Pool;
  readonly directUrl: string;
  readonly logger: Logger;
  /** Whether this process appends events. */
  readonly writes: boolean;
  /** As `openPostgresLog` has it. */
  readonly lanes?: number | undefined;
  /** False for a command that looks at a database which may lack a migration. */
  readonly registers: boolean;
}

export interface KnownLog {
  readonly log: EventLog;
  /** undefined where it is PostgreSQL's. */
  readonly kafka: LateKafka | undefined;
}

/**
 * `takes`: it takes events, or is about to: its topic is made where it is missing, and its partitions get their lanes.
 * `counts`: only what it holds is counted.
 */
export type LogPurpose = 'takes' | 'counts';

export interface KnownLogs {
  /** PostgreSQL's, to be counted. */
  readonly own: EventLog;
  /**
   * The log at an address, opened once. `waits`: it opens while Kafka does not answer, to go on with it later; otherwise it
   * rejects, and the next call tries again.
   */
  readonly open: (address: string, purpose: LogPurpose, waits: boolean) => Promise<KnownLog>;
  readonly find: (address: string) => KnownLog | undefined;
  /** Closes what a log that is not needed any more holds open. */
  readonly drop: (address: string) => Promise<void>;
  readonly close: () => Promise<void>;
}

interface Held extends KnownLog {
  readonly purpose: LogPurpose;
}

/** Every log that this process writes or counts, by address. */
export async function createKnownLogs(options: KnownLogsOptions): Promise<KnownLogs> {
  const { logger, config } = options;
  const own = await openOwn(options, false);
  const held = new Map<string, Held>();
  const opening = new Map<string, Promise<Held>>();
  let writer: Promise<EventLog> | undefined;

  /** A lane is taken only by who appends there. */
  const openWriter = () =>
    (writer ??= openOwn(options, options.writes).catch((error: unknown) => {
      writer = undefined;
      throw error;
    }));

  async function openKafka(address: string, purpose: LogPurpose, waits: boolean): Promise<Held> {
    const kafka = await openLateKafka({
      open: () => openKafkaAt(options, address, purpose, own.clock),
      waits,
      logger,
    });
    if (purpose === 'counts' || !config.spills) return { log: kafka.log, kafka, purpose };
    const log = createSpillLog(kafka.log, await openWriter(), (spills) =>
      logger.warn(
        spills ? 'Kafka takes no events: they go to PostgreSQL’s log meanwhile' : 'events go to Kafka again',
      ),
    );
    return { log, kafka, purpose };
  }

  async function reopen(address: string, purpose: LogPurpose, waits: boolean): Promise<Held> {
    const before = held.get(address);
    const opened =
      address === OWN
        ? { log: await openWriter(), kafka: undefined, purpose }
        : await openKafka(address, purpose, waits);
    held.set(address, opened);
    // It was only counted: the one that takes events counts as well.
    await before?.kafka?.log.close();
    return opened;
  }

  return {
    own,
    find: (address) => held.get(address),
    open: async (address, purpose, waits) => {
      await opening.get(address)?.catch(() => undefined);
      const known = held.get(address);
      if (known && (known.purpose === 'takes' || purpose === 'counts')) return known;
      const work = reopen(address, purpose, waits).finally(() => opening.delete(address));
      opening.set(address, work);
      return work;
    },
    drop: async (address) => {
      const known = held.get(address);
      if (!known?.kafka) return;
      held.delete(address);
      await known.kafka.log.close();
    },
    close: async () => {
      await Promise.allSettled(opening.values());
      await Promise.all([...held.values()].map((one) => one.kafka?.log.close()));
      await (await writer)?.close();
      await own.close();
    },
  };
}

/** What Kafka says of a log, for people. */
export const factsOf = ({ kafka }: KnownLog): KafkaFacts | undefined => kafka?.current()?.facts;

function openOwn({ db, directUrl, logger, lanes }: KnownLogsOptions, writes: boolean): Promise<EventLog> {
  return openPostgresLog({ db, directUrl, clock: systemClock, log: logger, writes, lanes });
}

async function openKafkaAt(
  { config, db, logger, writes, registers }: KnownLogsOptions,
  address: string,
  purpose: LogPurpose,
  now: () => Promise<Date>,
): Promise<KafkaLog> {
  const { openKafkaLog } = await import('../engines/kafka/kafka-log.ts');
  const takes = purpose === 'takes';
  const log = await openKafkaLog({
    settings: toKafkaAccess(address, config),
    clock: systemClock,
    log: logger,
    writes: takes && writes,
    creates: takes && registers,
    now,
    registers: takes && registers ? (grown) => registerPartitions(db, grown) : undefined,
  });
  if (!takes || !registers) return log;
  // Before the first event is written: whoever counts then knows every partition that may hold one.
  await register(db, log, address).catch(async (error: unknown) => {
    await log.close();
    throw error;
  });
  return log;
}

async function register(db: Pool, log: KafkaLog, address: string): Promise<void> {
  await noteAddress(db, log.identity, address);
  await registerPartitions(db, log);
}

/** Another topic may lie where the log was: its positions would be another log's. */
export function isLog({ kafka }: KnownLog, identity: string): boolean {
  const found = kafka?.current()?.identity;
  if (found !== undefined && found !== identity)
    throw new AppError('conflict', `Another log lies now where ${identity} was: ${found}.`);
  return found !== undefined;
}

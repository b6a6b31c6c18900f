import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { clientOptions, type KafkaSettings, loadKafka } from '../../engines/kafka/kafka-client.ts';
import { loadMongo } from '../../engines/mongodb/mongo-client.ts';
import { sleep } from '../../kit/wait.ts';
import type { Environment } from './server-process.ts';

const run = promisify(execFile);
const LOOK_MS = 200;
const IN_SYNC_MS = 30_000;
const PARTITIONS = 6;

/** `control`: those that are lent are killed and frozen. */
export type LentName = 'kafka' | 'mongodb' | 'control';
export type EngineVerb = 'kill' | 'start' | 'freeze' | 'thaw';

/** Servers that an operator lends to a drill. Where it kills and freezes them, nothing else may use them meanwhile. */
export interface LentEngines {
  /** A program that is called with `kill`, `start`, `freeze` or `thaw` and a name, and ends once that is so. */
  readonly control: string | undefined;
  /** `host:port` of each broker. Its name is `kafka`; of several, `kafka-1`, `kafka-2` and so on, in this order. */
  readonly kafka: readonly string[];
  /** Without a database. Its name is `mongodb`. */
  readonly mongodb: string | undefined;
}

/** A topic and a database of one run on them. */
export interface DrillEngines {
  /** What a server needs to use them. */
  readonly env: Environment;
  readonly kafka: KafkaSettings;
  readonly brokers: readonly string[];
  readonly control: (verb: EngineVerb, name: string) => Promise<void>;
  /** Name of the broker that leads a partition of the topic. */
  readonly findLeader: (partition: number) => Promise<string>;
  /** Resolves once every copy of the topic is in the ISR; rejects after half a minute. */
  readonly inSync: () => Promise<void>;
  /** Removes topic and database. */
  readonly drop: () => Promise<void>;
}

/** Why a scenario that needs these engines cannot run, and what to do about it; undefined where it can. */
export function whyNoEngines(needed: readonly LentName[], lent: LentEngines): string | undefined {
  const missing = [
    ...(needed.includes('kafka') && lent.kafka.length === 0 ? ['--kafka host:port,…'] : []),
    ...(needed.includes('mongodb') && lent.mongodb === undefined ? ['--mongodb mongodb://host:port'] : []),
    ...(needed.includes('control') && lent.control === undefined ? ['--engines <program>'] : []),
  ];
  if (missing.length === 0) return undefined;
  return `it needs engines of the operator: ${missing.join(' ')}`;
}

export function openLentEngines(needed: readonly LentName[], lent: LentEngines): DrillEngines {
  const { control, kafka: brokers } = lent;
  const own = randomBytes(6).toString('hex');
  const kafka: KafkaSettings = {
    brokers,
    topic: `weir-drill-${own}`,
    partitions: PARTITIONS,
    replication: Math.min(3, brokers.length),
    sasl: undefined,
    tls: undefined,
  };
  const names = brokers.length === 1 ? ['kafka'] : brokers.map((_, at) => `kafka-${at + 1}`);
  const url = needed.includes('mongodb') && lent.mongodb ? new URL(lent.mongodb) : undefined;
  if (url) url.pathname = `/weir_drill_${own}`;
  return {
    kafka,
    brokers: names,
    env: {
      KAFKA_BROKERS: brokers.join(','),
      KAFKA_TOPIC: kafka.topic,
      KAFKA_PARTITIONS: String(kafka.partitions),
      KAFKA_REPLICATION: String(kafka.replication),
      ...(url && { MONGODB_URL: url.href }),
    },
    control: async (verb, name) => void (await run(control!, [verb, name])),
    findLeader: async (partition) => {
      const { address } = (await readTopic(kafka))[partition]!;
      return names[brokers.indexOf(address)] ?? names[0]!;
    },
    inSync: async () => {
      const due = performance.now() + IN_SYNC_MS;
      for (;;) {
        const partitions = await readTopic(kafka).catch(() => []);
        if (partitions.length > 0 && partitions.every((one) => one.inSync >= kafka.replication)) return;
        if (performance.now() > due) throw new Error(`The copies of ${kafka.topic} are not in sync again.`);
        await sleep(LOOK_MS);
      }
    },
    drop: async () => {
      await dropTopic(kafka);
      if (url) await dropDatabase(url.href);
    },
  };
}

/** Of each partition the leader's `host:port`, and how many copies are in sync. */
async function readTopic(settings: KafkaSettings): Promise<{ address: string; inSync: number }[]> {
  const kafka = await loadKafka();
  const admin = new kafka.Admin(clientOptions(settings));
  try {
    const { brokers, topics } = await admin.metadata({ topics: [settings.topic] });
    return (topics.get(settings.topic)?.partitions ?? []).map(({ leader, isr }) => {
      const { host, port } = brokers.get(leader) ?? {};
      return { address: `${host}:${port}`, inSync: isr.length };
    });
  } finally {
    void admin.close().catch(() => undefined);
  }
}

async function dropTopic(settings: KafkaSettings): Promise<void> {
  const kafka = await loadKafka();
  const admin = new kafka.Admin(clientOptions(settings));
  // One that was never made needs no removal.
  await admin.deleteTopics({ topics: [settings.topic] }).catch(() => undefined);
  await admin.close();
}

async function dropDatabase(url: string): Promise<void> {
  const { MongoClient } = await loadMongo();
  const client = await new MongoClient(url).connect();
  await client.db().dropDatabase();
  await client.close();
}

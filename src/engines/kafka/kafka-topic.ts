import type { Admin, ClusterTopicMetadata } from '@platformatic/kafka';
import { clientOptions, hasKafkaCode, type KafkaPackage, type KafkaSettings } from './kafka-client.ts';

export interface KafkaTopic {
  readonly clusterId: string;
  /** Another topic of the same name has another id, and its offsets begin anew. */
  readonly id: string;
  readonly partitions: number;
  readonly copies: number;
  readonly brokers: number;
  /** Brokers tell no client their version; this is the level of the cluster's metadata, such as `metadata.version 25`. */
  readonly version: string;
}

const DAY_MS = 86_400_000;
const RETENTION_MS = 7 * DAY_MS;
const LEAST_MESSAGE_BYTES = 1_000_000;
// The protocol's number for "topic" among things that have a configuration.
const TOPIC_RESOURCE = 2;

/** The topic named, made with the right settings where it is missing and `creates`. Throws an Error that says what is wrong with it. */
export async function openTopic(
  kafka: KafkaPackage,
  settings: KafkaSettings,
  attempt: number,
  creates: boolean,
): Promise<KafkaTopic> {
  const admin = new kafka.Admin(clientOptions(settings, attempt));
  try {
    const topic = (await findTopic(admin, settings.topic)) ?? (await makeTopic(admin, settings, creates));
    await checkTopic(admin, settings, topic.found);
    const { found } = topic;
    return {
      clusterId: topic.clusterId,
      id: found.id,
      partitions: found.partitionsCount,
      copies: countCopies(found),
      brokers: topic.brokers,
      version: await findVersion(kafka, admin),
    };
  } finally {
    void admin.close().catch(() => undefined);
  }
}

async function findVersion(kafka: KafkaPackage, admin: Admin): Promise<string> {
  try {
    const [connection] = (await admin.connectToBrokers()).values();
    const answer = await kafka.apiVersionsV3.api.async(connection!, 'weir', '1');
    const level = answer.finalizedFeatures?.find((one) => one.name === 'metadata.version');
    return level ? `metadata.version ${level.maxVersionLevel}` : 'unknown';
  } catch {
    // Only people read it.
    return 'unknown';
  }
}

function countCopies(found: ClusterTopicMetadata): number {
  return Math.min(...found.partitions.map((one) => one.replicas.length));
}

interface Found {
  readonly clusterId: string;
  readonly brokers: number;
  readonly found: ClusterTopicMetadata;
}

async function findTopic(admin: Admin, topic: string): Promise<Found | undefined> {
  try {
    const metadata = await admin.metadata({ topics: [topic], autocreateTopics: false, forceUpdate: true });
    const found = metadata.topics.get(topic);
    return found && { clusterId: metadata.id, brokers: metadata.brokers.size, found };
  } catch (error) {
    if ((error as Error).message === `Unknown topic ${topic}.`) return undefined;
    throw error;
  }
}

async function makeTopic(admin: Admin, settings: KafkaSettings, creates: boolean): Promise<Found> {
  const { topic, partitions, replication } = settings;
  if (!creates) throw new TopicError(`There is no topic ${topic}. It is made when a server starts.`);
  const { brokers } = await admin.metadata({ topics: [] });
  if (brokers.size < replication) {
    throw new TopicError(
      `Kafka has ${brokers.size} broker(s), KAFKA_REPLICATION is ${replication}: topic ${topic} cannot be made. Add brokers, or set KAFKA_REPLICATION=${brokers.size}; with 1, the log is lost with its disk.`,
    );
  }
  const configs = Object.entries({
    'min.insync.replicas': String(leastInSync(replication)),
    'cleanup.policy': 'delete',
    'unclean.leader.election.enable': 'false',
    'retention.ms': String(RETENTION_MS),
    'retention.bytes': '-1',
    // The broker's own: a record of a server whose clock is wrong is neither refused nor deleted early.
    'message.timestamp.type': 'LogAppendTime',
  }).map(([name, value]) => ({ name, value }));
  try {
    await admin.createTopics({ topics: [topic], partitions, replicas: replication, configs });
  } catch (error) {
    // Another process that starts at this moment was first.
    if (!hasKafkaCode(error, 'TOPIC_ALREADY_EXISTS')) throw error;
  }
  for (let tries = 1; ; tries += 1) {
    const made = await findTopic(admin, topic).catch((error: unknown) => {
      if (tries >= 10) throw error;
      return undefined;
    });
    if (made?.found.partitions.every((one) => one.leader >= 0)) return made;
    if (tries >= 50) throw new Error(`Topic ${topic} was made, but has no leaders after 5 s.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** One copy may be away; with a single copy there is none to spare. */
function leastInSync(replication: number): number {
  return Math.max(1, replication - 1);
}

/** What is wrong with the topic as it is; nobody but its owner may change it. */
export class TopicError extends Error {
  override readonly name = 'TopicError';
}

async function checkTopic(admin: Admin, settings: KafkaSettings, found: ClusterTopicMetadata): Promise<void> {
  const { topic, replication } = settings;
  const [answer] = await admin.describeConfigs({
    resources: [{ resourceType: TOPIC_RESOURCE, resourceName: topic, configurationKeys: [...CHECKED] }],
    includeSynonyms: false,
    includeDocumentation: false,
  });
  const values = new Map(answer?.configs.map((one) => [one.name, one.value ?? '']));
  const problems = findProblems((name) => values.get(name) ?? '', leastInSync(replication));
  const copies = countCopies(found);
  if (copies < replication)
    problems.push(`each partition has ${copies} copies, KAFKA_REPLICATION wants ${replication}`);
  if (problems.length > 0)
    throw new TopicError(
      `Topic ${topic} is not fit to be the event log:\n  ${problems.join('\n  ')}\nChange it with kafka-configs.sh, or name another one: KAFKA_TOPIC.`,
    );
}

const CHECKED = [
  'min.insync.replicas',
  'cleanup.policy',
  'unclean.leader.election.enable',
  'retention.ms',
  'retention.bytes',
  'max.message.bytes',
] as const;

/** `settingOf` gives the topic's value of a setting as text. Returns each problem as a person would want to read it. */
export function findProblems(
  settingOf: (name: (typeof CHECKED)[number]) => string,
  inSync: number,
): string[] {
  const problems: string[] = [];
  const want = (name: (typeof CHECKED)[number], holds: (value: string) => boolean, wanted: string) => {
    const value = settingOf(name);
    if (!holds(value)) problems.push(`${name} is ${value}, it must be ${wanted}`);
  };
  want('min.insync.replicas', (value) => Number(value) >= inSync, `at least ${inSync}`);
  want('cleanup.policy', (value) => value === 'delete', 'delete: compaction removes events');
  want(
    'unclean.leader.election.enable',
    (value) => value === 'false',
    'false: else acknowledged events are lost',
  );
  want(
    'retention.ms',
    (value) => value === '-1' || Number(value) >= DAY_MS,
    'at least 86400000 (a day) or -1',
  );
  want('retention.bytes', (value) => value === '-1', '-1: else events go before they are counted');
  want(
    'max.message.bytes',
    (value) => Number(value) >= LEAST_MESSAGE_BYTES,
    `at least ${LEAST_MESSAGE_BYTES}`,
  );
  return problems;
}

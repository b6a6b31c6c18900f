import { randomBytes } from 'node:crypto';
import { clientOptions, type KafkaSettings, loadKafka } from '../../src/engines/kafka/kafka-client.ts';

const brokers = process.env.TEST_KAFKA_BROKERS;
const required = /\b(all|kafka)\b/.test(process.env.REQUIRE_ENGINES ?? '');

/** Why a test that needs a real broker is skipped, or false. With REQUIRE_ENGINES it is not skipped, and fails. */
export const withoutKafka: false | string =
  brokers || required
    ? false
    : 'no Kafka: start a broker and set TEST_KAFKA_BROKERS=host:port (topics of the tests have one copy)';

/** A topic of its own on the broker that TEST_KAFKA_BROKERS names. */
export function testTopic(parts: Partial<KafkaSettings> = {}): KafkaSettings {
  if (!brokers) throw new Error('TEST_KAFKA_BROKERS is not set: start a broker, and set it to host:port.');
  return {
    brokers: brokers.split(','),
    topic: `weir-test-${randomBytes(6).toString('hex')}`,
    partitions: 3,
    replication: 1,
    sasl: undefined,
    tls: undefined,
    ...parts,
  };
}

export async function dropTopic(settings: KafkaSettings): Promise<void> {
  const kafka = await loadKafka();
  const admin = new kafka.Admin(clientOptions(settings));
  await admin.deleteTopics({ topics: [settings.topic] }).catch(() => undefined);
  await admin.close();
}

export async function addPartitions(settings: KafkaSettings, count: number): Promise<void> {
  const kafka = await loadKafka();
  const admin = new kafka.Admin(clientOptions(settings));
  await admin.createPartitions({ topics: [{ name: settings.topic, count }] });
  await admin.close();
}

/** Writes records as they are, into partition 0. */
export async function produceRaw(settings: KafkaSettings, values: readonly Buffer[]): Promise<void> {
  const kafka = await loadKafka();
  const producer = new kafka.Producer(clientOptions(settings));
  await producer.send({
    messages: values.map((value) => ({ topic: settings.topic, partition: 0, value })),
    acks: kafka.ProduceAcks.ALL,
  });
  await producer.close();
}

/** As Kafka's retention does: the partition 0 then begins at this offset. */
export async function deleteRecordsBefore(settings: KafkaSettings, offset: number): Promise<void> {
  const kafka = await loadKafka();
  const admin = new kafka.Admin(clientOptions(settings));
  const partitions = [{ partition: 0, offset: BigInt(offset) }];
  await admin.deleteRecords({ topics: [{ name: settings.topic, partitions }] });
  await admin.close();
}

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { testTopic } from '../support/kafka.ts';
import { controlBroker, onKafka, withoutControl } from '../support/kafka-rig.ts';

const inFull = process.env.FAULTS === 'ci';
const brokers = process.env.TEST_KAFKA_CLUSTER_BROKERS;
const skip =
  withoutControl ||
  (brokers || process.env.REQUIRE_ENGINES
    ? false
    : 'no Kafka of three: start kafka-1 to kafka-3 and set TEST_KAFKA_CLUSTER_BROKERS=a:9092,b:9092,c:9092');
/** Until a broker that was started again is in the ISR of every partition. */
const SETTLED_MS = 3_000;

function clusterTopic() {
  assert.ok(brokers, 'TEST_KAFKA_CLUSTER_BROKERS is not set');
  return testTopic({ brokers: brokers.split(','), partitions: 6, replication: 3 });
}

/** Two copies of three must have an event, so one broker may be away: whoever led goes, and others take over. */
describe('a server whose event log is a Kafka of three', () => {
  for (const [verb, back] of [
    ['kill', 'start'],
    ['freeze', 'thaw'],
  ] as const) {
    test(
      `brokers that ${verb === 'kill' ? 'are killed' : 'freeze'} in turn under load lose and double nothing`,
      { skip },
      (t) =>
        onKafka(
          t,
          async (rig) => {
            const load = rig.startLoad({ rate: 300, campaigns: await rig.makeCampaigns(2) });
            for (let round = 0; round < (inFull ? 3 : 1); round += 1) {
              const name = `kafka-${(round % 3) + 1}`;
              await pause(500 + rig.random() * 500);
              await controlBroker(verb, name);
              try {
                assert.ok(await rig.history.next(20_000), 'the other two acknowledge events');
                await pause(1_000);
              } finally {
                await controlBroker(back, name);
              }
              await pause(SETTLED_MS);
            }
            const report = await load.stop();
            t.diagnostic(JSON.stringify(report.answers));
            assert.ok(report.tries > report.events, 'something was broken');
          },
          { settings: clusterTopic() },
        ),
    );
  }
});

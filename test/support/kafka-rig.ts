import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import type { KafkaSettings } from '../../src/engines/kafka/kafka-client.ts';
import { newEventId } from '../../src/events/event-id.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';
import { dropTopic, testTopic, withoutKafka } from './kafka.ts';
import { BROWSER } from './weir.ts';

const run = promisify(execFile);
/** A program that takes `kill <name>`, `start`, `freeze` and `thaw` for the brokers of the tests. */
const engines = process.env.TEST_ENGINES;

/** Why a test that kills brokers is skipped, or false. */
export const withoutControl: false | string =
  withoutKafka ||
  (engines ? false : 'nobody may kill this broker: set TEST_ENGINES to a program that starts and kills it');

export async function controlBroker(
  verb: 'kill' | 'start' | 'freeze' | 'thaw',
  name = 'kafka',
): Promise<void> {
  await run(engines!, [verb, name]);
}

interface KafkaRigOptions {
  readonly settings?: KafkaSettings;
  readonly env?: Readonly<Record<string, string>>;
}

/** A server process on a topic of its own. Afterwards the client's history is judged: nothing lost, double or else. */
export async function onKafka(
  t: TestContext,
  work: (rig: Rig) => Promise<void>,
  { settings = testTopic(), env = {} }: KafkaRigOptions = {},
): Promise<void> {
  const scratch = openScratch(undefined);
  const kafka = {
    KAFKA_BROKERS: settings.brokers.join(','),
    KAFKA_TOPIC: settings.topic,
    KAFKA_PARTITIONS: String(settings.partitions),
    KAFKA_REPLICATION: String(settings.replication),
  };
  const rig = await openRig({ dir: scratch.makeRun('kafka'), seed: 7, env: { ...kafka, ...env } });
  try {
    await rig.server.start();
    await work(rig);
    const { lost, dup, mismatch, findings, events } = await rig.judge();
    t.diagnostic(JSON.stringify({ events, lost, dup, mismatch }));
    assert.deepEqual({ lost, dup, mismatch, findings }, { lost: 0, dup: 0, mismatch: 0, findings: [] });
  } finally {
    await rig.close();
    await dropTopic(settings);
    scratch.close();
  }
}

/** One view, noted in the history. */
export async function postView(
  rig: Rig,
  campaign: number,
): Promise<{ status: number; code: unknown; ms: number }> {
  const event = { event_id: newEventId(), campaign_id: campaign, type: 'view' as const };
  const begunAt = performance.now();
  const answer = await fetch(`${rig.server.url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': BROWSER },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(10_000),
  });
  const { code } = (await answer.json()) as { code?: unknown };
  const outcome = answer.ok ? 'ok' : code === 'outcome_unknown' ? 'unknown' : 'fail';
  rig.history.add({ ...event, outcome });
  return { status: answer.status, code, ms: performance.now() - begunAt };
}

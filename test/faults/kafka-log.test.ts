import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { newEventId } from '../../src/events/event-id.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';
import { dropTopic, testTopic, withoutKafka } from '../support/kafka.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const inFull = process.env.FAULTS === 'ci';
const RATE = inFull ? 500 : 200;
/** A program that takes `kill kafka`, `start kafka`, `freeze kafka`, `thaw kafka` for the broker of TEST_KAFKA_BROKERS. */
const engines = process.env.TEST_ENGINES;
const withoutControl =
  withoutKafka ||
  (engines ? false : 'nobody may kill this broker: set TEST_ENGINES to a program that starts and kills it');

const broker = (verb: 'kill' | 'start' | 'freeze' | 'thaw') => run(engines!, [verb, 'kafka']);

/** A server process on a topic of its own. Afterwards the client's history is judged: nothing lost, double or else. */
async function onKafka(
  t: TestContext,
  work: (rig: Rig) => Promise<void>,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const settings = testTopic();
  const scratch = openScratch(undefined);
  const env = {
    KAFKA_BROKERS: settings.brokers.join(','),
    KAFKA_TOPIC: settings.topic,
    KAFKA_PARTITIONS: '3',
    KAFKA_REPLICATION: '1',
    ...more,
  };
  const rig = await openRig({ dir: scratch.makeRun('kafka'), seed: 7, env });
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

async function post(rig: Rig, campaign: number): Promise<{ status: number; code: unknown; ms: number }> {
  const event = { event_id: newEventId(), campaign_id: campaign, type: 'view' };
  const begunAt = performance.now();
  const answer = await fetch(`${rig.server.url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64)' },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(10_000),
  });
  const { code } = (await answer.json()) as { code?: unknown };
  const outcome = answer.ok ? 'ok' : code === 'outcome_unknown' ? 'unknown' : 'fail';
  rig.history.add({ ...event, type: 'view', outcome });
  return { status: answer.status, code, ms: performance.now() - begunAt };
}

describe('a server whose event log is Kafka', () => {
  test(
    'what HTTP took is in the numbers, and doctor shows the log and its lag',
    { skip: withoutKafka },
    (t) =>
      onKafka(t, async (rig) => {
        const [campaign] = await rig.makeCampaigns(1);
        const authorization = `Bearer ${await rig.signIn()}`;
        for (let n = 0; n < 5; n += 1) assert.equal((await post(rig, campaign!)).status, 202);
        const totals = async () => {
          const answer = await fetch(`${rig.server.url}/api/campaigns/${campaign}/stats?traffic=all`, {
            headers: { authorization },
          });
          return ((await answer.json()) as { totals?: { views?: number } }).totals?.views;
        };
        await until(async () => (await totals()) === 5);
        const { output } = await rig.command(['doctor', '--json']);
        const report = JSON.parse(output) as {
          roles: { role: string; engine: string }[];
          lag_events: number;
        };
        assert.match(
          report.roles.find((one) => one.role === 'event log')?.engine ?? '',
          /^Kafka .* 3 partitions/,
        );
        assert.equal(report.lag_events, 0);
      }),
  );

  test(
    'while PostgreSQL is frozen events are acknowledged, and counted when it is back',
    { skip: withoutKafka },
    (t) =>
      onKafka(t, async (rig) => {
        const [campaign] = await rig.makeCampaigns(1);
        assert.equal((await post(rig, campaign!)).status, 202);
        const thaw = await rig.postgres.freeze();
        try {
          // Later than what the cache of campaigns believes unasked.
          await pause(1_200);
          for (let n = 0; n < 2; n += 1) assert.equal((await post(rig, campaign!)).status, 202);
        } finally {
          thaw();
        }
      }),
  );

  test('the server is killed again and again under load', { skip: withoutKafka }, (t) =>
    onKafka(t, async (rig) => {
      const load = rig.startLoad({ rate: RATE, campaigns: await rig.makeCampaigns(2) });
      for (let kill = 0; kill < (inFull ? 6 : 2); kill += 1) {
        await pause(200 + rig.random() * 1_000);
        await rig.server.end('SIGKILL');
        await rig.server.start();
      }
      const report = await load.stop();
      assert.ok(report.ok > 0 && report.tries > report.events, 'something was broken, something went well');
    }),
  );

  test('the broker is killed under load and comes back', { skip: withoutControl }, (t) =>
    onKafka(t, async (rig) => {
      const load = rig.startLoad({ rate: RATE, campaigns: await rig.makeCampaigns(2) });
      for (let kill = 0; kill < (inFull ? 3 : 1); kill += 1) {
        await pause(500 + rig.random() * 500);
        await broker('kill');
        await pause(500);
        await broker('start');
        assert.ok(await rig.history.next(20_000), 'events are acknowledged again');
      }
      const report = await load.stop();
      assert.ok(report.tries > report.events, 'something was broken');
    }),
  );

  test(
    'behind a frozen broker every event is answered 503 within 3 s; then it goes on',
    { skip: withoutControl },
    (t) =>
      onKafka(t, async (rig) => {
        const [campaign] = await rig.makeCampaigns(1);
        await post(rig, campaign!);
        await broker('freeze');
        try {
          const answers = await Promise.all(Array.from({ length: 20 }, () => post(rig, campaign!)));
          answers.push(await post(rig, campaign!));
          assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([503]));
          const longest = Math.max(...answers.map((answer) => answer.ms));
          t.diagnostic(`longest ${Math.round(longest)} ms, the last ${Math.round(answers.at(-1)!.ms)} ms`);
          assert.ok(longest < 3_000, `${longest} ms`);
          assert.equal(answers.at(-1)!.code, 'unavailable');
        } finally {
          await broker('thaw');
        }
        await until(async () => (await post(rig, campaign!)).status === 202, 10_000);
      }),
  );

  test(
    'a server that starts without its broker serves the rest, and takes events once it is there',
    { skip: withoutControl },
    (t) =>
      onKafka(t, async (rig) => {
        const [campaign] = await rig.makeCampaigns(1);
        await rig.server.end('SIGTERM');
        await broker('kill');
        try {
          rig.server.launch();
          const live = () =>
            fetch(`${rig.server.url}/health/live`).then(
              (answer) => answer.ok,
              () => false,
            );
          await until(live, 30_000);
          assert.equal((await post(rig, campaign!)).code, 'unavailable');
          const headers = { authorization: `Bearer ${await rig.signIn()}` };
          const answer = await fetch(`${rig.server.url}/api/status`, { headers });
          const status = (await answer.json()) as { pipeline: { lag_events: number | null } };
          assert.equal(status.pipeline.lag_events, null);
        } finally {
          await broker('start');
        }
        await until(async () => (await post(rig, campaign!)).status === 202, 20_000);
      }),
  );

  test(
    'with a spill, a frozen broker costs nobody a 503, and every event counts once',
    { skip: withoutControl },
    (t) =>
      onKafka(
        t,
        async (rig) => {
          const load = rig.startLoad({ rate: RATE, campaigns: await rig.makeCampaigns(2) });
          await pause(500);
          await broker('freeze');
          await pause(4_000);
          await broker('thaw');
          await pause(1_500);
          const report = await load.stop();
          t.diagnostic(
            JSON.stringify({ answers: report.answers, tries: report.tries, events: report.events }),
          );
          assert.equal(report.fail, 0);
        },
        { EVENT_LOG_SPILL: 'postgres' },
      ),
  );
});

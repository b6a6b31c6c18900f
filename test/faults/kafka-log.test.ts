import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { addPartitions, testTopic, withoutKafka } from '../support/kafka.ts';
import { controlBroker, onKafka, postView, withoutControl } from '../support/kafka-rig.ts';
import { until } from '../support/until.ts';

const inFull = process.env.FAULTS === 'ci';
const RATE = inFull ? 500 : 200;

describe('a server whose event log is Kafka', () => {
  test(
    'what HTTP took is in the numbers, and doctor shows the log and its lag',
    { skip: withoutKafka },
    (t) =>
      onKafka(t, async (rig) => {
        const [campaign] = await rig.makeCampaigns(1);
        const authorization = `Bearer ${await rig.signIn()}`;
        for (let n = 0; n < 5; n += 1) assert.equal((await postView(rig, campaign!)).status, 202);
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
        assert.equal((await postView(rig, campaign!)).status, 202);
        const thaw = await rig.postgres.freeze();
        try {
          // Later than what the cache of campaigns believes unasked.
          await pause(1_200);
          for (let n = 0; n < 2; n += 1) assert.equal((await postView(rig, campaign!)).status, 202);
        } finally {
          thaw();
        }
      }),
  );

  test('partitions that are added under load are counted, and written to, without a restart', {
    skip: withoutKafka,
  }, (t) => {
    const settings = testTopic({ partitions: 2 });
    return onKafka(
      t,
      async (rig) => {
        const load = rig.startLoad({ rate: RATE, campaigns: await rig.makeCampaigns(2) });
        assert.ok(await rig.history.next(10_000));
        await addPartitions(settings, 4);
        await until(async () => {
          const [row] = await rig.postgres.query<{ counted: number }>(
            `select count(*)::int as counted from log_lanes join log_positions on partition = lane and log = 'postgres'
             where reader = 'aggregator' and source_partition >= 2 and position > 0`,
          );
          return row?.counted === 2;
        }, 20_000);
        await load.stop();
      },
      { settings },
    );
  });

  test('the broker is killed under load and comes back', { skip: withoutControl }, (t) =>
    onKafka(t, async (rig) => {
      const load = rig.startLoad({ rate: RATE, campaigns: await rig.makeCampaigns(2) });
      for (let kill = 0; kill < (inFull ? 3 : 1); kill += 1) {
        await pause(500 + rig.random() * 500);
        await controlBroker('kill');
        await pause(500);
        await controlBroker('start');
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
        await postView(rig, campaign!);
        await controlBroker('freeze');
        try {
          const answers = await Promise.all(Array.from({ length: 20 }, () => postView(rig, campaign!)));
          answers.push(await postView(rig, campaign!));
          assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([503]));
          const longest = Math.max(...answers.map((answer) => answer.ms));
          t.diagnostic(`longest ${Math.round(longest)} ms, the last ${Math.round(answers.at(-1)!.ms)} ms`);
          assert.ok(longest < 3_000, `${longest} ms`);
          assert.equal(answers.at(-1)!.code, 'unavailable');
        } finally {
          await controlBroker('thaw');
        }
        await until(async () => (await postView(rig, campaign!)).status === 202, 10_000);
      }),
  );

  test(
    'a server that starts without its broker serves the rest, and takes events once it is there',
    { skip: withoutControl },
    (t) =>
      onKafka(t, async (rig) => {
        const [campaign] = await rig.makeCampaigns(1);
        await rig.server.end('SIGTERM');
        await controlBroker('kill');
        try {
          rig.server.launch();
          const live = () =>
            fetch(`${rig.server.url}/health/live`).then(
              (answer) => answer.ok,
              () => false,
            );
          await until(live, 30_000);
          assert.equal((await postView(rig, campaign!)).code, 'unavailable');
          const headers = { authorization: `Bearer ${await rig.signIn()}` };
          const answer = await fetch(`${rig.server.url}/api/status`, { headers });
          const status = (await answer.json()) as { pipeline: { lag_events: number | null } };
          assert.equal(status.pipeline.lag_events, null);
        } finally {
          await controlBroker('start');
        }
        await until(async () => (await postView(rig, campaign!)).status === 202, 20_000);
      }),
  );

  test(
    'with a spill, a frozen broker costs nobody a 503, and every event counts once',
    { skip: withoutControl },
    (t) =>
      onKafka(
        t,
        async (rig) => {
          // Few: a slow machine that is asked for more refuses some for being busy.
          const load = rig.startLoad({ rate: RATE / 6, campaigns: await rig.makeCampaigns(2) });
          await pause(500);
          await controlBroker('freeze');
          await pause(4_000);
          await controlBroker('thaw');
          await pause(1_500);
          const report = await load.stop();
          t.diagnostic(
            JSON.stringify({ answers: report.answers, tries: report.tries, events: report.events }),
          );
          assert.equal(report.fail, 0);
        },
        { env: { EVENT_LOG_SPILL: 'postgres' } },
      ),
  );
});

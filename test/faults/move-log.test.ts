import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { toKafkaAddress } from '../../src/assignment/engine-address.ts';
import type { DrillLoad } from '../../src/proof/drill/drill-load.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';
import type { ServerProcess } from '../../src/proof/drill/server-process.ts';
import { dropTopic, testTopic, withoutKafka } from '../support/kafka.ts';
import { until } from '../support/until.ts';

const RATE = process.env.FAULTS === 'ci' ? 200 : 100;

interface Moves {
  readonly rig: Rig;
  /** Takes events beside the rig's own server, in its database. */
  readonly second: ServerProcess;
  readonly startSecond: () => Promise<unknown>;
  /** `weir move event-log …` to its end. */
  readonly move: (...args: string[]) => Promise<{ source: string; target: string; state: string }>;
  /** Begins it, and kills it once the database knows of the move. */
  readonly killMover: (...args: string[]) => Promise<void>;
  /** Raw rows by where they came from: PostgreSQL's own log, and each other one. */
  readonly countRows: () => Promise<Readonly<Record<string, number>>>;
}

async function openMoves(rig: Rig): Promise<Moves> {
  const open = (name: string) => {
    const dataDir = join(rig.dir, name);
    mkdirSync(dataDir);
    return rig.openServer(dataDir);
  };
  await rig.server.start();
  const env = { DATABASE_URL: rig.postgres.url() };
  const second = await open('second');
  const startSecond = () => second.start(env, ['serve', '--roles', 'api']);
  await startSecond();
  const mover = await open('mover');
  return {
    rig,
    second,
    startSecond,
    move: async (...args) => {
      const { code, output } = await rig.command(['move', 'event-log', '--json', ...args]);
      assert.equal(code, 0, output);
      return JSON.parse(output) as Awaited<ReturnType<Moves['move']>>;
    },
    killMover: async (...args) => {
      const count = async () =>
        (await rig.postgres.query<{ count: number }>('select count(*) from role_moves'))[0]!.count;
      const before = await count();
      mover.launch(env, ['move', 'event-log', ...args]);
      await until(async () => (await count()) > before, 30_000);
      await mover.end('SIGKILL');
    },
    countRows: async () => {
      const rows = await rig.postgres.query<{ source: string; count: number }>(
        `select coalesce(l.source, 'postgres') as source, count(*) from event_log join log_lanes l using (lane) group by 1`,
      );
      return Object.fromEntries(rows.map((row) => [row.source, row.count]));
    },
  };
}

/** More rows come from a log that had none, so events go there. */
async function untilFilled({ countRows }: Moves, sources: number): Promise<void> {
  await until(async () => Object.keys(await countRows()).length === sources, 20_000);
}

test('the event log moves to Kafka, to another Kafka and back under load: nothing is lost or counted twice', {
  skip: withoutKafka,
}, async (t) => {
  const [one, other] = [testTopic(), testTopic()];
  const scratch = openScratch(undefined);
  const rig = await openRig({ dir: scratch.makeRun('move'), seed: 11 });
  const loads: DrillLoad[] = [];
  try {
    const moves = await openMoves(rig);
    const { move, second } = moves;
    const campaigns = await rig.makeCampaigns(2);
    for (const url of [rig.server.url, second.url]) loads.push(rig.startLoad({ rate: RATE, campaigns, url }));
    await untilFilled(moves, 1);

    await moves.killMover('--to', toKafkaAddress(one));
    await second.end('SIGKILL');
    await moves.startSecond();
    assert.equal((await move()).state, 'done');
    await untilFilled(moves, 2);
    assert.equal((await move('--finish')).state, 'finished');

    // Both servers were started without Kafka, and know it by the move alone.
    assert.equal((await move('--to', toKafkaAddress(other))).state, 'done');
    await untilFilled(moves, 3);
    assert.equal((await move('--back')).target, toKafkaAddress(one));
    assert.equal((await move('--finish')).state, 'finished');

    const before = (await moves.countRows()).postgres!;
    await moves.killMover('--to', 'postgres');
    await rig.server.end('SIGKILL');
    await rig.server.start();
    assert.equal((await move()).state, 'done');
    await until(async () => (await moves.countRows()).postgres! > before, 20_000);
    const reports = await Promise.all(loads.map((load) => load.stop()));
    assert.ok(reports.every((report) => report.ok > 0));
    await second.end('SIGTERM');
    const { lost, dup, mismatch, findings, events } = await rig.judge();
    t.diagnostic(JSON.stringify({ events, lost, dup, mismatch, answers: reports.map((one) => one.answers) }));
    assert.deepEqual({ lost, dup, mismatch, findings }, { lost: 0, dup: 0, mismatch: 0, findings: [] });
  } finally {
    await rig.close();
    await Promise.all([one, other].map(dropTopic));
    scratch.close();
  }
});

test('a server that is only started with other brokers counts what the old ones hold', {
  skip: withoutKafka,
}, async (t) => {
  const [one, other] = [testTopic(), testTopic()];
  const scratch = openScratch(undefined);
  const env = { KAFKA_BROKERS: one.brokers.join(), KAFKA_REPLICATION: '1', KAFKA_PARTITIONS: '3' };
  const rig = await openRig({ dir: scratch.makeRun('brokers'), seed: 12, env });
  const sources = () =>
    rig.postgres.query<{ rows: number; through: Date }>(
      `select (select count(*) from event_log where lane = l.lane) as rows, complete_through as through
       from log_lanes l join log_positions on partition = l.lane where source is not null`,
    );
  try {
    // Nobody counts: what was acknowledged is in the old topic alone.
    await rig.server.start({ KAFKA_TOPIC: one.topic }, ['serve', '--roles', 'api']);
    const campaigns = await rig.makeCampaigns(1);
    const load = rig.startLoad({ rate: RATE, campaigns });
    await until(() => rig.history.acknowledged() > 20);
    await rig.server.end('SIGKILL');
    for (const topic of [other.topic, undefined]) {
      const seen = rig.history.acknowledged();
      await rig.server.start(
        topic ? { KAFKA_TOPIC: topic } : { KAFKA_BROKERS: '', KAFKA_REPLICATION: '', KAFKA_PARTITIONS: '' },
      );
      await until(() => rig.history.acknowledged() > seen + 20);
      const since = new Date();
      await until(async () => {
        const rows = await sources();
        return rows.length === 6 && rows.every(({ through }) => through > since);
      }, 20_000);
      if (topic) await rig.server.end('SIGKILL');
    }
    const rows = await sources();
    assert.ok(rows.reduce((sum, one) => sum + one.rows, 0) > 40);
    await load.stop();
    const { lost, dup, mismatch, findings, events } = await rig.judge();
    t.diagnostic(JSON.stringify({ events, lost, dup, mismatch }));
    assert.deepEqual({ lost, dup, mismatch, findings }, { lost: 0, dup: 0, mismatch: 0, findings: [] });
  } finally {
    await rig.close();
    await Promise.all([one, other].map(dropTopic));
    scratch.close();
  }
});

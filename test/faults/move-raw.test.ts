import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UUID } from 'mongodb';
import { askPatiently } from '../../src/proof/drill/ask-patiently.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';
import { openTestMongo, type TestMongo, withoutMongo } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

const RATE = process.env.FAULTS === 'ci' ? 200 : 100;

const addressOf = ({ url }: TestMongo) => url.replace(/\?.*$/, '');

async function countDocuments({ db }: TestMongo): Promise<number> {
  let count = 0;
  for (const { name } of await db.listCollections().toArray())
    if (/^events_(\d|undated)/.test(name)) count += await db.collection(name).countDocuments();
  return count;
}

/** `weir move raw-store …` to its end; returns its state. */
async function move(rig: Rig, ...args: string[]): Promise<string> {
  const { code, output } = await rig.command(['move', 'raw-store', '--json', ...args]);
  assert.equal(code, 0, output);
  return (JSON.parse(output) as { state: string }).state;
}

async function openMove(rig: Rig): Promise<{ state: string } | undefined> {
  const [row] = await rig.postgres.query<{ state: string }>(
    'select state from role_moves order by id desc limit 1',
  );
  return row;
}

/** Stores that are filled, as retention knows them. */
function listRecorders(rig: Rig) {
  return rig.postgres.query<{ reader: string }>(
    `select distinct reader from log_positions where reader like 'recorder:%' order by reader`,
  );
}

test('raw events move to MongoDB, to another MongoDB and back under load: no store lacks one', {
  skip: withoutMongo,
}, async (t) => {
  const [one, other] = [await openTestMongo(), await openTestMongo()];
  const scratch = openScratch(undefined);
  const rig = await openRig({ dir: scratch.makeRun('move-raw'), seed: 13 });
  try {
    await rig.server.start();
    const campaigns = await rig.makeCampaigns(2);
    const load = rig.startLoad({ rate: RATE, campaigns });
    await until(() => rig.history.acknowledged() > 2 * RATE);
    const rowsShown = async () => {
      const headers = { authorization: `Bearer ${await rig.signIn()}` };
      const url = `${rig.server.url}/api/campaigns/${campaigns[0]}/events?limit=5`;
      const answer = await askPatiently(() => fetch(url, { headers }));
      assert.equal(answer.status, 200);
      return ((await answer.json()) as unknown[]).length;
    };

    // The mover dies while it fills, then the server.
    const moverDir = join(rig.dir, 'mover');
    mkdirSync(moverDir);
    const mover = await rig.openServer(moverDir);
    const env = { DATABASE_URL: rig.postgres.url() };
    mover.launch(env, ['move', 'raw-store', '--to', addressOf(one)]);
    await until(async () => (await rig.postgres.query('select from role_moves')).length > 0, 30_000);
    await mover.end('SIGKILL');
    await rig.server.end('SIGKILL');
    await rig.server.start();
    assert.equal(await move(rig), 'done');
    assert.equal(await rowsShown(), 5);
    assert.ok((await countDocuments(one)) > 2 * RATE);
    assert.equal(await move(rig, '--finish'), 'finished');

    // What is not what the log has is not read.
    const today = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const stray = { _id: new UUID(), subject_kind: 1, subject_id: 1, occurred_at: new Date() };
    await other.db.collection<{ _id: UUID }>(`events_${today}`).insertOne(stray);
    const refused = await rig.command(['move', 'raw-store', '--to', addressOf(other)]);
    assert.equal(refused.code, 1);
    assert.equal((await openMove(rig))?.state, 'filling');
    await other.db.collection<{ _id: UUID }>(`events_${today}`).deleteOne({ _id: stray._id });

    // Both are filled until it is finished, so that the way back is as whole.
    assert.equal(await move(rig), 'done');
    assert.equal((await listRecorders(rig)).length, 2);
    const seen = await countDocuments(one);
    await until(async () => (await countDocuments(one)) > seen);
    assert.equal(await rowsShown(), 5);
    assert.equal(await move(rig, '--back'), 'done');
    assert.equal(await move(rig, '--finish'), 'finished');
    assert.equal((await listRecorders(rig)).length, 1);
    await load.stop();

    const verified = await rig.command(['verify', '--json']);
    const { raw } = JSON.parse(verified.output) as { raw: Record<string, number> };
    t.diagnostic(JSON.stringify(raw));
    assert.deepEqual([verified.code, raw.missing, raw.altered, raw.added], [0, 0, 0, 0]);
    assert.equal(await countDocuments(one), raw.events);

    assert.equal(await move(rig, '--to', 'postgres'), 'done');
    assert.equal(await rowsShown(), 5);
    assert.equal(await move(rig, '--finish'), 'finished');
    assert.deepEqual(await listRecorders(rig), []);
    const { lost, dup, mismatch, findings } = await rig.judge();
    assert.deepEqual({ lost, dup, mismatch, findings }, { lost: 0, dup: 0, mismatch: 0, findings: [] });
  } finally {
    await rig.close();
    await Promise.all([one, other].map((each) => each.close()));
    scratch.close();
  }
});

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MongoClient, UUID } from 'mongodb';
import { askPatiently } from '../../src/proof/drill/ask-patiently.ts';
import { createCrashes } from '../../src/proof/drill/crash.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { type Mongod, openMongod, withoutMongod } from '../support/mongod.ts';
import { until } from '../support/until.ts';

const full = process.env.FAULTS === 'ci';
const ROUNDS = full ? 3 : 1;
const RATE = full ? 500 : 200;
/** Longer than readers stay with the log's rows before one asks MongoDB again. */
const GONE_MS = 5_000;

describe('MongoDB as the raw store, killed and frozen under load', { concurrency: false }, () => {
  const skip = withoutMongod;
  const dir = skip ? '' : mkdtempSync(join(tmpdir(), 'weir-mongodb-'));
  let rig: Rig;
  let mongod: Mongod;
  let campaigns: number[];
  let longest = 0;
  before(async () => {
    if (skip) return;
    mongod = await openMongod(dir);
    rig = await openRig({ dir, seed: Number(process.env.FAULT_SEED ?? 1) });
    // It starts, and takes events, while MongoDB is away.
    await mongod.crash(async () => {
      await rig.server.start({ MONGODB_URL: mongod.url });
      campaigns = await rig.makeCampaigns(3);
      await explore();
    });
  });
  after(async () => {
    if (skip) return;
    await rig?.close();
    await mongod?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${await rig.signIn()}` };
    let startedAt = 0;
    const answer = await askPatiently(() => {
      startedAt = performance.now();
      return fetch(`${rig.server.url}${path}`, { headers, signal: AbortSignal.timeout(10_000) });
    });
    const body = await answer.text();
    return { status: answer.status, body, ms: performance.now() - startedAt };
  };
  const counted = async () => {
    const { status, body } = await get(`/api/campaigns/${campaigns[0]}/stats?traffic=all`);
    assert.equal(status, 200);
    const { totals } = JSON.parse(body) as { totals: Record<string, number> };
    return totals.views! + totals.true_views! + totals.clicks!;
  };
  const explore = () => get(`/api/campaigns/${campaigns[0]}/events?limit=5`);
  const rowsShown = async () => {
    const { status, body } = await explore();
    assert.equal(status, 200);
    return JSON.parse(body) as { event_id: string; flags: string[] }[];
  };
  /** Numbers go on without the raw store, and raw rows come in time, out of the log. */
  const lookWhileGone = async () => {
    const seen = await counted();
    await until(async () => (await counted()) > seen);
    const since = performance.now();
    await until(async () => {
      const { status, ms } = await explore();
      assert.equal(status, 200);
      longest = Math.max(longest, ms);
      return performance.now() - since > GONE_MS;
    });
    await until(async () => (await recorderLag()) > RATE);
  };
  const recorderLag = async () => {
    const { status, body } = await get('/api/status');
    assert.equal(status, 200);
    return (JSON.parse(body) as { raw: { lag_events: number } }).raw.lag_events;
  };

  test('raw rows are read from it', { skip }, async () => {
    const load = rig.startLoad({ rate: 20, campaigns });
    await until(async () => (await rowsShown()).length > 0);
    await load.stop();
    await until(async () => (await recorderLag()) === 0);
    const client = await new MongoClient(mongod.url).connect();
    const [row] = await rowsShown();
    const date = new Date().toISOString().slice(0, 10).replaceAll('-', '');
    const rows = client.db().collection<{ _id: UUID }>(`events_${date}`);
    const mark = (flags: number) => rows.updateOne({ _id: new UUID(row!.event_id) }, { $set: { flags } });
    await mark(1);
    await until(async () => (await rowsShown())[0]?.flags[0] === 'too_old');
    await mark(0);
    await client.close();
  });

  test('events are acknowledged and counted, and the recorder catches up', { skip }, async (t) => {
    const load = rig.startLoad({ rate: RATE, campaigns });
    for (let round = 0; round < ROUNDS; round += 1) {
      await mongod.crash(lookWhileGone);
      await until(async () => (await recorderLag()) < RATE, 30_000);
      await mongod.freeze(lookWhileGone);
      await until(async () => (await recorderLag()) < RATE, 30_000);
    }
    const report = await load.stop();
    t.diagnostic(
      `${report.events} events in ${report.tries} tries, longest wait for raw rows ${longest.toFixed(0)} ms`,
    );
    // A machine that is short of time may shed some, which are then sent again; what was under way when the load stopped is
    // unknown, and judged below.
    const { aborted = 0 } = report.answers;
    assert.deepEqual([report.ok + aborted, report.unknown], [report.events, aborted]);
    assert.ok(longest < 3_000, 'no request takes 3 s');
    await until(async () => (await recorderLag()) === 0, 30_000);
  });

  test('a server that is killed at each step of recording goes on where it was', { skip }, async () => {
    const load = rig.startLoad({ rate: RATE, campaigns });
    const crashes = createCrashes(rig, { MONGODB_URL: mongod.url });
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const point of ['record.before-write', 'record.after-write', 'record.after-position'] as const)
        await crashes.server(point, 1 + Math.floor(rig.random() * 10));
    }
    assert.deepEqual(crashes.violations, []);
    await rig.server.start({ MONGODB_URL: mongod.url });
    await load.stop();
  });

  test('in the end the raw store holds the log, each event once', { skip }, async (t) => {
    const { lost, dup, mismatch, findings } = await rig.judge();
    assert.deepEqual([lost, dup, mismatch], [0, 0, 0], findings.join('\n'));
    const verified = await rig.command(['verify', '--json'], { MONGODB_URL: mongod.url });
    const { raw } = JSON.parse(verified.output) as { raw: Record<string, number> };
    t.diagnostic(JSON.stringify(raw));
    assert.deepEqual([verified.code, raw.missing, raw.altered, raw.added], [0, 0, 0, 0]);
    assert.ok(raw.events! > 0);
  });
});

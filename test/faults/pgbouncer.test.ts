import assert from 'node:assert/strict';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkServer } from '../../src/db/check-server.ts';
import { newEventId } from '../../src/events/event-id.ts';
import { AppError } from '../../src/kit/errors.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import {
  makeOwnedDatabase,
  type OwnPostgres,
  openOwnPostgres,
  withoutOwnPostgres,
} from '../support/own-postgres.ts';
import { makeServerFolder } from '../support/own-server.ts';
import { openPgbouncer, type Pgbouncer, withoutPgbouncer } from '../support/pgbouncer.ts';
import { until } from '../support/until.ts';
import { type Client, signIn } from '../support/weir.ts';

const full = process.env.FAULTS === 'ci';
const KILLS = full ? 5 : 2;
const RATE = full ? 300 : 100;
const SAMPLE = fileURLToPath(new URL('../data/access-combined.log.gz', import.meta.url));
const PASSWORD = 'four-brown-otters';

describe('behind PgBouncer, pooling by transaction', { concurrency: false }, () => {
  const skip = withoutPgbouncer || withoutOwnPostgres;
  const dir = skip ? '' : makeServerFolder('pgbouncer');
  let postgres: OwnPostgres;
  let bouncer: Pgbouncer;
  let direct: string;
  let rig: Rig;
  let client: Client;
  let campaigns: number[];
  before(async () => {
    if (skip) return;
    postgres = await openOwnPostgres(dir);
    direct = await makeOwnedDatabase(postgres, 'weir');
    // Fewer servers than connections of Weir's: what is left in a session turns up in another one.
    bouncer = await openPgbouncer({ dir, server: direct, mode: 'transaction', poolSize: 4 });
    const urls = { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: direct };
    rig = await openRig({
      dir,
      seed: Number(process.env.FAULT_SEED ?? 1),
      env: { ...urls, ADMIN_PASSWORD: PASSWORD },
    });
    await rig.server.start();
    client = await signIn(rig.server.url, { username: 'admin@example.com', password: PASSWORD });
    campaigns = await rig.makeCampaigns(3);
  });
  after(async () => {
    if (skip) return;
    await rig?.close();
    await bouncer?.end('SIGKILL');
    await postgres?.end('SIGINT');
    rmSync(dir, { recursive: true, force: true });
  });

  const send = (type: 'view' | 'click') => {
    const event = { event_id: newEventId(), campaign_id: campaigns[0]!, type };
    return { event, note: () => rig.history.add({ ...event, outcome: 'ok' }) };
  };
  const isReady = () => fetch(`${rig.server.url}/health/ready`).then(({ ok }) => ok);
  const views = async (): Promise<number> => {
    const { status, body } = await client('GET', `/api/campaigns/${campaigns[0]}/stats?traffic=all`);
    assert.equal(status, 200);
    return body.totals.views;
  };

  test('single events, batches, statistics, raw rows and members are served', { skip }, async () => {
    const single = send('view');
    assert.equal((await client('POST', '/api/events', single.event)).status, 202);
    single.note();
    const batch = [send('view'), send('view'), send('click')];
    const answer = await client(
      'POST',
      '/api/events',
      batch.map(({ event }) => event),
    );
    assert.equal(answer.status, 202);
    for (const { note } of batch) note();
    await until(async () => (await views()) === 3);
    const rows = await client('GET', `/api/campaigns/${campaigns[0]}/events`);
    assert.equal(rows.body.length, 4);
    const members = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        client('POST', '/api/users/create', { username: `m${at}@example.com`, password: PASSWORD }),
      ),
    );
    assert.deepEqual([...new Set(members.map(({ status }) => status))], [201]);
  });

  test('PgBouncer is killed under load and started again: refusals only, and nothing is lost', {
    skip,
  }, async (t) => {
    const load = rig.startLoad({ rate: RATE, campaigns });
    for (let kill = 0; kill < KILLS; kill += 1) {
      const seen = await views();
      await until(async () => (await views()) > seen);
      await bouncer.end('SIGKILL');
      await until(async () => !(await isReady()));
      assert.equal((await client('GET', `/api/campaigns/${campaigns[0]}/stats`)).status, 503);
      // Longer than a campaign that was looked up stays fresh.
      await pause(1_000);
      await bouncer.start();
      await until(isReady);
    }
    const report = await load.stop();
    t.diagnostic(JSON.stringify(report));
    // What was under way when the load ended has no answer, and nothing else has none.
    const { aborted = 0 } = report.answers;
    assert.deepEqual([report.ok + aborted, report.unknown], [report.events, aborted]);
  });

  test('import, verify and doctor run beside it', { skip }, async () => {
    const imported = await rig.command(['import', SAMPLE, '--json']);
    assert.equal(imported.code, 0, imported.output);
    const verified = await rig.command(['verify', '--json']);
    assert.equal(verified.code, 0, verified.output);
    const looked = await rig.command(['doctor']);
    assert.equal(looked.code, 0, looked.output);
  });

  test('the lane’s lock is held in PostgreSQL itself, and no statement has a name', { skip }, async () => {
    const locks = await postgres.query<{ application_name: string }>(
      `select application_name from pg_locks join pg_stat_activity using (pid)
       where locktype = 'advisory' and classid = 7366 and datname = 'weir'`,
    );
    assert.deepEqual(
      locks.map((row) => row.application_name),
      ['weir-log'],
    );
    assert.doesNotMatch(bouncer.log(), /prepared statement/);
  });

  test('in the end the numbers are those of the events', { skip }, async () => {
    const { lost, dup, mismatch, findings } = await rig.judge();
    assert.deepEqual([lost, dup, mismatch], [0, 0, 0], findings.join('\n'));
  });

  const check = (url: string, keepsSession = true) =>
    checkServer({ url, variable: 'DATABASE_URL', keepsSession }).then(
      () => 'fit',
      (error: unknown) => (error instanceof AppError ? error.message : Promise.reject(error)),
    );

  test('without a direct URL the start is refused by name, however many servers the pool has', {
    skip,
  }, async () => {
    assert.equal(await check(direct), 'fit');
    assert.equal(await check(bouncer.url, false), 'fit');
    for (const poolSize of [1, 2, 20]) {
      const pooled = await openPgbouncer({ dir, server: direct, mode: 'transaction', poolSize });
      assert.match(await check(pooled.url), /Set DATABASE_DIRECT_URL beside it/);
      await pooled.end('SIGKILL');
    }
    const byStatement = await openPgbouncer({ dir, server: direct, mode: 'statement' });
    assert.match(await check(byStatement.url), /Set DATABASE_DIRECT_URL beside it/);
    await byStatement.end('SIGKILL');
    const bySession = await openPgbouncer({ dir, server: direct, mode: 'session' });
    assert.equal(await check(bySession.url), 'fit');
    await bySession.end('SIGKILL');
    const started = await rig.command(['migrate'], { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: '' });
    assert.equal(started.code, 1);
    assert.match(
      readFileSync(join(dir, 'server.log'), 'utf8'),
      /DATABASE_URL leads through a connection pooler/,
    );
  });
});

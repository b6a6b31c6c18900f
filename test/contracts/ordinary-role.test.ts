import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { applyRetention } from '../../src/pipeline/retention/index.ts';
import { openRig, type Rig } from '../../src/proof/drill/rig.ts';
import { buildEvent } from '../support/builders.ts';
import { open, testLog } from '../support/database.ts';
import {
  makeOwnedDatabase,
  type OwnPostgres,
  openOwnPostgres,
  queryOnce,
  withoutOwnPostgres,
} from '../support/own-postgres.ts';
import { makeServerFolder } from '../support/own-server.ts';
import { until } from '../support/until.ts';

const SAMPLE = fileURLToPath(new URL('../data/access-combined.log.gz', import.meta.url));
const DAY_MS = 86_400_000;
const RETENTION = 90;
const OLD = Math.floor(Date.now() / DAY_MS) - RETENTION - 2;

describe('a PostgreSQL of somebody else, whose owner role is nothing more', { concurrency: false }, () => {
  const skip = withoutOwnPostgres;
  const dir = skip ? '' : makeServerFolder('role');
  let postgres: OwnPostgres;
  let url: string;
  let rig: Rig;
  before(async () => {
    if (skip) return;
    postgres = await openOwnPostgres(dir);
    url = await makeOwnedDatabase(postgres, 'weir');
    rig = await openRig({ dir, seed: 1, env: { DATABASE_URL: url } });
  });
  after(async () => {
    if (skip) return;
    await rig?.close();
    await postgres?.end('SIGINT');
    rmSync(dir, { recursive: true, force: true });
  });

  test('the role can do nothing that a superuser can', { skip }, async () => {
    const [role] = await queryOnce<Record<string, boolean>>(
      url,
      `select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls,
         exists (select from pg_auth_members where member = oid) as is_member
       from pg_roles where rolname = current_user`,
    );
    assert.deepEqual(new Set(Object.values(role!)), new Set([false]));
  });

  test('migrate, serve, import and verify', { skip }, async () => {
    await rig.server.start();
    const campaigns = await rig.makeCampaigns(2);
    const load = rig.startLoad({ rate: 100, campaigns });
    const imported = await rig.command(['import', SAMPLE, '--json']);
    assert.equal(imported.code, 0, imported.output);
    const report = await load.stop();
    // An import beside it may make an event wait too long on a slow machine: it is told so, and judged below.
    assert.ok(report.ok > report.events / 2, `${report.ok} of ${report.events}`);
    const { lost, dup, mismatch, findings } = await rig.judge();
    assert.deepEqual([lost, dup, mismatch], [0, 0, 0], findings.join('\n'));
  });

  test('retention seals and drops a partition, and verify agrees', { skip }, async () => {
    const db = open(url);
    const log = await openPostgresLog({ db, directUrl: url, clock: systemClock, log: testLog, writes: true });
    const at = OLD * DAY_MS + 3_600_000;
    await log.append([buildEvent({ day: OLD, occurredAt: at, receivedAt: at })]);
    await log.close();
    assert.equal((await rig.command(['verify', '--json'])).code, 0);
    const signal = new AbortController().signal;
    const retain = { retentionDays: RETENTION, now: Date.now(), logger: testLog, signal };
    await until(async () => (await applyRetention(db, retain)).partitions === 1);
    await db.close();
    assert.equal((await rig.command(['verify', '--json'])).code, 0);
  });
});

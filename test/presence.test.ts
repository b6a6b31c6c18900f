import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { listProcesses, startPresence } from '../src/db/presence.ts';
import { openTestDatabase, type TestDatabase, testLog } from './support/database.ts';
import { until } from './support/until.ts';

describe('processes that serve', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database?.close());

  const roles = async () => (await listProcesses(database.db)).map((one) => one.roles.join(' '));

  test('are known with their roles while they run, and no longer than they are heard of', async () => {
    const { db } = database;
    const [api, worker] = [['api'], ['worker', 'scheduler']].map((own) =>
      startPresence(db, { roles: own, version: '1', logger: testLog }),
    );
    await until(async () => (await roles()).length === 2);
    assert.deepEqual((await roles()).sort(), ['api', 'worker scheduler']);
    await worker!.close();
    assert.deepEqual(await roles(), ['api']);
    await db.query(`update processes set seen_at = seen_at - interval '31 seconds'`);
    assert.deepEqual(await roles(), []);
    await api!.close();
  });
});

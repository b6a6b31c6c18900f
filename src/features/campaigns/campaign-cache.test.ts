import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { Db } from '../../db/pool.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import { createLogger } from '../../kit/logger.ts';
import { createCampaignCache } from './campaign-cache.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const down = new EngineError({
  engine: 'postgres',
  operation: 'connect',
  retryable: true,
  mayHaveHappened: false,
  cause: new Error('down'),
});

describe('the campaign cache', () => {
  let now = 0;
  let failure: Error | undefined;
  let reads = 0;
  const db: Pick<Db, 'query'> = {
    query: async <R extends object>() => {
      reads += 1;
      if (failure) throw failure;
      return [{ id: 1, title: `read ${reads}` }] as unknown as R[];
    },
  };
  const clock = { now: () => 0, monotonicMs: () => now };
  const cache = createCampaignCache(db as Db, clock, createLogger('silent'));
  after(() => cache.close());
  const unavailable = (error: unknown) => error instanceof AppError && error.code === 'unavailable';

  test('asks once for many who want the same, and again before what it knows is a second old', async () => {
    const rows = await Promise.all([cache.get(1), cache.get(1), cache.get(1)]);
    assert.deepEqual(new Set(rows.map((row) => row?.title)), new Set(['read 1']));
    now += 1_000;
    assert.equal((await cache.get(1))?.title, 'read 2');
  });

  test('knows that a campaign is not there, and looks again within the second', async () => {
    assert.equal(await cache.get(2), undefined);
    const before = reads;
    assert.equal(await cache.get(2), undefined);
    assert.equal(reads, before);
    now += 1_000;
    await cache.get(2);
    assert.equal(reads, before + 1);
  });

  test('serves what it knows for a minute while the database is down, and says "unavailable" for what it does not', async () => {
    await cache.get(1);
    await turn();
    failure = down;
    now += 59_000;
    assert.ok((await cache.get(1))?.title.startsWith('read'));
    await assert.rejects(async () => cache.get(3), unavailable);
    now += 2_000;
    await assert.rejects(async () => cache.get(1), unavailable);
    failure = undefined;
    assert.ok(await cache.get(1));
  });

  test('a bug is not taken for a database that is down', async () => {
    failure = new TypeError('a bug');
    await assert.rejects(async () => cache.get(4), TypeError);
    failure = undefined;
  });
});

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { AppError, EngineError } from './errors.ts';
import { createLogger } from './logger.ts';
import { createReadCache } from './read-cache.ts';

const cause = new Error('down');
const down = new EngineError({
  engine: 'postgres',
  operation: 'connect',
  retryable: true,
  mayHaveHappened: false,
  cause,
});

describe('a read cache', () => {
  let now = 0;
  let failure: Error | undefined;
  let reads: (readonly number[])[] = [];
  let hold: Promise<void> | undefined;
  let stored = 'first';
  const cache = createReadCache<number, string, string>({
    what: 'things',
    read: async (keys) => {
      reads.push(keys);
      const seen = stored;
      await hold;
      if (failure) throw failure;
      return new Map(keys.filter((key) => key < 100).map((key) => [key, `${seen} ${key}`]));
    },
    groupOf: (key) => (key % 2 ? 'odd' : 'even'),
    maxEntries: 50,
    maxBytes: 1_000_000,
    sizeOf: (value) => value.length,
    clock: { now: () => 0, monotonicMs: () => now },
    log: createLogger('silent'),
  });
  after(() => cache.close());

  test('reads many keys at once, and each once while it is fresh', async () => {
    const values = await Promise.all([1, 2, 1, 100].map((key) => cache.get(key)));
    assert.deepEqual(values, ['first 1', 'first 2', 'first 1', undefined]);
    assert.equal(cache.get(2), 'first 2');
    assert.equal(cache.get(100), undefined);
    assert.deepEqual(reads, [[1, 2, 100]]);
    now += 1_000;
    stored = 'second';
    assert.equal(await cache.get(1), 'second 1');
  });

  test('what one change makes wrong is read anew together, also where a read was under way', async () => {
    let release = () => {};
    hold = new Promise((resolve) => (release = resolve));
    now += 1_000;
    const reading = cache.get(4) as Promise<string>;
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    stored = 'third';
    cache.forget('even');
    hold = undefined;
    release();
    assert.equal(await reading, 'third 4');
    assert.equal(cache.get(4), 'third 4');
  });

  test('serves what it knows for a minute while the engine is down, but never what it knows to be wrong', async () => {
    await Promise.all([cache.get(1), cache.get(2)]);
    failure = down;
    reads = [];
    now += 50_000;
    assert.equal(await cache.get(2), 'third 2');
    cache.forget('even');
    const isUnavailable = (error: unknown) => error instanceof AppError && error.code === 'unavailable';
    await assert.rejects(async () => cache.get(2), isUnavailable);
    assert.equal(await cache.get(1), 'third 1');
    now += 20_000;
    await assert.rejects(async () => cache.get(1), isUnavailable);
    failure = new TypeError('a bug');
    await assert.rejects(async () => cache.get(1), TypeError);
    failure = undefined;
    assert.equal(await cache.get(1), 'third 1');
  });

  test('holds no more than it may', async () => {
    await Promise.all(Array.from({ length: 90 }, (_, key) => cache.get(key)));
    reads = [];
    await Promise.all(Array.from({ length: 40 }, (_, at) => cache.get(89 - at)));
    assert.equal(reads.length, 0);
    await cache.get(0);
    assert.equal(reads.length, 1);
  });
});

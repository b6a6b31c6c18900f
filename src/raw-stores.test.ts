import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineError } from './kit/errors.ts';
import type { RawFilter } from './ports/raw-store.ts';
import { withFallback } from './raw-stores.ts';

const FILTER: RawFilter = {
  subject: { kind: 'campaign', id: 1 },
  from: undefined,
  to: undefined,
  type: undefined,
  traffic: 'all',
  eventId: undefined,
  after: undefined,
};

test('while a raw store is in trouble, or far behind, the log answers, and now and then one request looks whether it is over', async () => {
  const trouble = new EngineError({
    engine: 'mongodb',
    operation: 'listEvents',
    retryable: true,
    mayHaveHappened: false,
    cause: 'frozen',
  });
  const asked: string[] = [];
  let fails: Error | undefined = trouble;
  let now = 0;
  let filled = true;
  const storeOf = (name: string) => ({
    listEvents: () => {
      asked.push(name);
      return name === 'store' && fails ? Promise.reject(fails) : Promise.resolve([]);
    },
    countMemberClickers: () => Promise.resolve([]),
  });
  let warnings = 0;
  const logger = { warn: () => (warnings += 1) };
  const raw = withFallback(storeOf('store'), storeOf('log'), {
    logger,
    now: () => now,
    isFilled: () => Promise.resolve(filled),
  });
  const askedBy = async () => {
    asked.length = 0;
    await raw.listEvents(FILTER, 1);
    return asked.join(' ');
  };
  assert.equal(await askedBy(), 'store log');
  assert.equal(await askedBy(), 'log');
  now += 3_000;
  assert.equal(await askedBy(), 'store log');
  fails = undefined;
  now += 3_000;
  assert.equal(await askedBy(), 'store');
  assert.equal(warnings, 2);
  filled = false;
  now += 3_000;
  assert.equal(await askedBy(), 'log');
  filled = true;
  now += 3_000;
  fails = new Error('a bug');
  await assert.rejects(raw.listEvents(FILTER, 1), /a bug/);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { abortAfter, sleep } from './wait.ts';

const never = new AbortController().signal;

test('what ends after a while ends, though garbage is collected meanwhile', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const signal = abortAfter(200, never);
  for (let turns = 0; !signal.aborted && turns < 500; turns += 1) {
    await sleep(10);
    collect();
  }
  assert.ok(signal.aborted);
});

test('or with the signal that it is given', async () => {
  const stop = new AbortController();
  const signal = abortAfter(60_000, stop.signal);
  assert.ok(!signal.aborted);
  stop.abort();
  await sleep(0);
  assert.ok(signal.aborted);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSendTurns } from './send-turns.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Partitions in the order in which they were let send. */
function build() {
  const turns = createSendTurns();
  const sent: number[] = [];
  const take = (partition: number, waiting: number) =>
    turns.take(partition, waiting).then(() => {
      sent.push(partition);
    });
  return { turns, take, sent };
}

test('partitions with few events send in turn, in the order in which they asked', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { turns, take, sent } = build();
  void take(0, 1);
  void take(2, 1);
  void take(1, 15);
  await turn();
  assert.deepEqual(sent, [0]);
  turns.end(0);
  await turn();
  assert.deepEqual(sent, [0, 2]);
  turns.end(2);
  turns.end(1);
  await turn();
  assert.deepEqual(sent, [0, 2, 1]);
});

test('many events wait for nobody, and a send that lasts holds nobody back', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { turns, take, sent } = build();
  void take(0, 1);
  void take(1, 16);
  void take(2, 1);
  await turn();
  assert.deepEqual(sent, [0, 1]);
  t.mock.timers.tick(1);
  await turn();
  assert.deepEqual(sent, [0, 1, 2]);
  // Its turn was over long ago: who sends now keeps it.
  turns.end(0);
  void take(3, 1);
  await turn();
  assert.deepEqual(sent, [0, 1, 2]);
});

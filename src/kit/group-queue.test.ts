import assert from 'node:assert/strict';
import { afterEach, describe, mock, test } from 'node:test';
import { createGroupQueue } from './group-queue.ts';

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted;
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('group queue', () => {
  afterEach(() => mock.timers.reset());

  function build(write: (items: readonly number[]) => Promise<readonly number[]>, maxWaitMs?: number) {
    let now = 0;
    const queue = createGroupQueue<number, number>({
      clock: { now: () => now, monotonicMs: () => now },
      maxGroup: 3,
      maxQueued: 5,
      maxWaitMs,
      deadlineMs: 1_000,
      write,
    });
    return { queue, advance: (ms: number) => (now += ms) };
  }

  test('what arrives together is written together, and each caller gets its own results in order', async () => {
    const groups: number[][] = [];
    const { queue } = build(async (items) => {
      groups.push([...items]);
      return items.map((item) => item * 10);
    });
    const answers = await Promise.all([queue.add([1, 2]), queue.add([3]), queue.add([4])]);
    assert.deepEqual(answers, [[10, 20], [30], [40]]);
    assert.deepEqual(groups, [[1, 2, 3], [4]]);
    assert.equal(queue.queued(), 0);
    await queue.close();
  });

  test('ahead, a whole group goes out behind the one that is written, and nothing less does', async () => {
    const groups: { items: readonly number[]; end: () => void }[] = [];
    const queue = createGroupQueue<number, number>({
      clock: { now: () => 0, monotonicMs: () => 0 },
      maxGroup: 3,
      maxQueued: 20,
      deadlineMs: 1_000,
      ahead: true,
      write: (items) =>
        new Promise((resolve) => groups.push({ items, end: () => resolve(items.map((item) => item * 10)) })),
    });
    const answers = [queue.add([1])];
    await turn();
    answers.push(queue.add([2, 3]));
    assert.deepEqual(
      groups.map((group) => group.items),
      [[1]],
    );
    // Two groups wait now, and only one of them may follow.
    answers.push(queue.add([4]), queue.add([5, 6, 7]));
    assert.deepEqual(
      groups.map((group) => group.items),
      [[1], [2, 3, 4]],
    );
    groups[0]!.end();
    assert.deepEqual(await answers[0], [10]);
    assert.deepEqual(
      groups.map((group) => group.items),
      [[1], [2, 3, 4], [5, 6, 7]],
    );
    groups[1]!.end();
    groups[2]!.end();
    assert.deepEqual(await Promise.all(answers), [[10], [20, 30], [40], [50, 60, 70]]);
    assert.equal(queue.queued(), 0);
    await queue.close();
  });

  test('a full queue refuses before anything is queued', async () => {
    const written: number[] = [];
    const { queue } = build(async (items) => {
      written.push(...items);
      return items;
    });
    const first = queue.add([1, 2, 3, 4]);
    await assert.rejects(queue.add([5, 6]), code('overloaded'));
    await first;
    await queue.close();
    assert.deepEqual(written, [1, 2, 3, 4]);
  });

  test('past the deadline a waiting item is taken back, one being written has an unknown outcome', async () => {
    mock.timers.enable({ apis: ['setInterval'] });
    const written: number[] = [];
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { queue, advance } = build((items) => {
      written.push(...items);
      return released.then(() => items);
    });
    const inFlight = queue.add([1, 2, 3]);
    await turn();
    const waiting = queue.add([4]);
    const unknown = assert.rejects(inFlight, code('outcome_unknown'));
    const takenBack = assert.rejects(waiting, code('unavailable'));
    advance(1_001);
    mock.timers.tick(100);
    await Promise.all([unknown, takenBack]);
    assert.equal(queue.queued(), 0);
    release();
    await queue.close();
    assert.deepEqual(written, [1, 2, 3], 'what was taken back is never written');
  });

  test('while a group is late, who would wait too long is refused at once', async () => {
    const releases: (() => void)[] = [];
    const { queue, advance } = build(
      (items) => new Promise((resolve) => releases.push(() => resolve(items))),
      400,
    );
    const first = queue.add([1]);
    await turn();
    advance(700);
    const second = queue.add([2]);
    assert.equal(queue.expectedWaitMs(), 350);
    advance(200);
    await assert.rejects(queue.add([3]), code('overloaded'));
    releases.shift()!();
    assert.deepEqual(await first, [1]);
    await turn();
    releases.shift()!();
    assert.deepEqual(await second, [2]);
    await queue.close();
  });

  test('closing waits for what is queued, then refuses', async () => {
    const { queue } = build(async (items) => items);
    const last = queue.add([1]);
    await queue.close();
    assert.deepEqual(await last, [1]);
    await assert.rejects(queue.add([2]), code('unavailable'));
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createSharedReads } from './shared-reads.ts';

/** Reads that end when they are told to, each with the number of reads that had begun. */
function openReads() {
  const ends: { resolve: (value: number) => void; reject: (error: Error) => void }[] = [];
  const read = () =>
    new Promise<number>((resolve, reject) => {
      ends.push({ resolve, reject });
    });
  return { read, begun: () => ends.length, end: (at: number) => ends[at]!.resolve(at), ends };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('shared reads', () => {
  test('a hundred who ask while a read is under way are answered by one that begins after it', async () => {
    const share = createSharedReads();
    const { read, begun, end } = openReads();
    const first = share('a', read);
    const others = Array.from({ length: 100 }, () => share('a', read));
    assert.equal(begun(), 1);
    end(0);
    assert.equal(await first, 0);
    await turn();
    assert.equal(begun(), 2);
    // It asks after the second has begun: only a third may answer it.
    const later = share('a', read);
    end(1);
    assert.deepEqual(new Set(await Promise.all(others)), new Set([1]));
    await turn();
    end(2);
    assert.equal(await later, 2);
    assert.equal(begun(), 3);
  });

  test('each key has its own, and one that nobody reads any more begins at once', async () => {
    const share = createSharedReads();
    const { read, begun, end } = openReads();
    const [one, other] = [share('a', read), share('b', read)];
    assert.equal(begun(), 2);
    end(0);
    end(1);
    assert.deepEqual(await Promise.all([one, other]), [0, 1]);
    await turn();
    const again = share('a', read);
    assert.equal(begun(), 3);
    end(2);
    assert.equal(await again, 2);
  });

  test('a read that fails fails for its own callers; the next one is a new try', async () => {
    const share = createSharedReads();
    const { read, end, ends } = openReads();
    const first = share('a', read);
    const second = share('a', read);
    ends[0]!.reject(new Error('away'));
    await assert.rejects(first, /away/);
    await turn();
    end(1);
    assert.equal(await second, 1);
  });

  test('behind a read that hangs the next one begins all the same', async () => {
    const share = createSharedReads();
    const { read, begun, end } = openReads();
    const hanging = share('a', read);
    const second = share('a', read);
    while (begun() < 2) await turn();
    const third = share('a', read);
    end(1);
    assert.equal(await second, 1);
    while (begun() < 3) await turn();
    end(2);
    assert.equal(await third, 2);
    end(0);
    assert.equal(await hanging, 0);
    // What hung for so long does not stand in the way of whoever comes now.
    await turn();
    const last = share('a', read);
    assert.equal(begun(), 4);
    end(3);
    assert.equal(await last, 3);
  });
});

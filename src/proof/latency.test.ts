import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLatencies, latenciesSince, mergeLatencies, summarize } from './latency.ts';
import { createRandom } from './random.ts';

/** Latencies as they are: mostly small, a few very large. */
function draw(count: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => 0.05 / (1 - random()) ** 1.5);
}

function record(all: readonly number[]) {
  const latencies = createLatencies();
  for (const ms of all) latencies.record(ms);
  return latencies;
}

test('every percentile is the true one, or at most one percent above it', () => {
  const all = draw(50_000, 3);
  const sorted = all.toSorted((a, b) => a - b);
  const summary = record(all).summary();
  for (const [name, share] of [
    ['p50', 0.5],
    ['p90', 0.9],
    ['p99', 0.99],
    ['p999', 0.999],
  ] as const) {
    const truth = sorted[Math.ceil(share * sorted.length) - 1]!;
    // The summary is told in hundredths of a millisecond.
    assert.ok(
      summary[name] >= truth - 0.006 && summary[name] <= truth * 1.01 + 0.006,
      `${name} ${summary[name]} ${truth}`,
    );
  }
  assert.equal(summary.max, Math.round(sorted.at(-1)! * 100) / 100);
});

test('merged histograms are the histogram of everything', () => {
  const [one, other] = [draw(3_000, 1), draw(2_000, 2)];
  const merged = mergeLatencies([record(one).counts(), record(other).counts()]);
  assert.deepEqual(merged, record([...one, ...other]).counts());
});

test('what came between two looks is told without what came before', () => {
  const latencies = record([900, 900, 900]);
  const before = latencies.counts();
  latencies.record(2, 10);
  const since = summarize(latenciesSince(before, latencies.counts()));
  assert.ok(since.max >= 2 && since.max < 2.02, String(since.max));
  assert.deepEqual(summarize(latenciesSince(before, before)), { p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PLANTED_FAULTS, type PlantedFault } from './planted-faults.ts';
import { simulateSeeds } from './simulate-many.ts';
import { simulateSeed } from './simulate-seed.ts';

const KNOWN_SEEDS = 120;
const NEW_SEEDS = 80;
/** Each planted fault is found within so many seeds, from 1. */
const FOUND_WITHIN = 200;
const first = 1 + Math.floor(Math.random() * 2 ** 31);

describe('simulation', () => {
  const simulate = (from: number, seeds: number) =>
    simulateSeeds({ from, seeds, signal: new AbortController().signal, onProgress: () => undefined });

  test('nothing is lost, doubled or miscounted in the runs of known seeds', async (t) => {
    const report = await simulate(1, KNOWN_SEEDS);
    assert.deepEqual(report.failed, []);
    // Otherwise there was no trouble, and nothing is proven.
    const { ok, fail, unknown } = report.outcomes;
    assert.ok(ok > 8_000 && fail > 1_000 && unknown > 500);
    t.diagnostic(`${report.events} events, ${report.seeds_per_minute} seeds a minute`);
  });

  test(`nor in the runs of seeds that nobody has tried before (from ${first})`, async (t) => {
    t.diagnostic(`again: weir simulate --from ${first} --seeds ${NEW_SEEDS}`);
    assert.deepEqual((await simulate(first, NEW_SEEDS)).failed, []);
  });

  test('a seed gives the same run again, line by line', async () => {
    for (const seed of [2, 9, 22, first]) {
      const [one, two] = [
        await simulateSeed(seed, { trace: true }),
        await simulateSeed(seed, { trace: true }),
      ];
      assert.ok(one.trace.length > 50);
      assert.deepEqual(one, two);
    }
  });

  for (const [planted, mistake] of Object.entries(PLANTED_FAULTS)) {
    test(`finds it where ${mistake}`, async (t) => {
      let seed = 1;
      const isFound = async () =>
        (await simulateSeed(seed, { planted: planted as PlantedFault })).violations.length > 0;
      while (!(await isFound()) && seed < FOUND_WITHIN) seed += 1;
      assert.ok(seed < FOUND_WITHIN);
      t.diagnostic(`found by seed ${seed}`);
    });
  }
});

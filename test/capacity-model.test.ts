import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  BUSY,
  type Costs,
  expectDistinct,
  expectTouched,
  findShards,
  fit,
  fitCosts,
  plan,
  simulateStation,
} from '../bench/capacity-model.ts';

const COSTS: Costs = {
  apiMicros: 40,
  logMicros: 5,
  counting: { batch: 1_000, event: 4, counterRow: 3, actorRow: 6 },
  logBytes: 400,
  countBytes: { batch: 1_000, event: 0, counterRow: 150, actorRow: 120 },
};
const LOAD = { rate: 100_000, campaigns: 1_000, actors: 100_000 };

function near(found: number, wanted: number, share: number): void {
  assert.ok(Math.abs(found / wanted - 1) <= share, `${found} is not within ${share} of ${wanted}`);
}

describe('the model of capacity', () => {
  test('one server waits as Pollaczek and Khinchine say of M/D/1: ρ s ÷ 2 (1 − ρ)', () => {
    for (const busy of [0.3, 0.5, 0.7, 0.8]) {
      const service = 0.001;
      const station = simulateStation(busy / service, service, 1);
      near(station.mean, (busy * service) / (2 * (1 - busy)), 0.05);
      near(station.busy, busy, 0.02);
    }
  });

  test('two servers at a half wait 0.177 of a service, where exponential ones wait a third', () => {
    near(simulateStation(2 * 0.5, 1, 2).mean, 0.1767, 0.05);
  });

  test('a station that is asked for too much has a wait that grows with its customers', () => {
    const few = simulateStation(200, 0.01, 1, 1_000).mean;
    const more = simulateStation(200, 0.01, 1, 2_000).mean;
    near(more / few, 2, 0.1);
  });

  test('distinct kinds: one draw meets one, very many meet all, and a thousand of a thousand 632', () => {
    assert.equal(expectDistinct(1, 50), 1);
    near(expectDistinct(1_000, 1), 1, 1e-9);
    near(expectDistinct(1_000, 1_000), 1_000 * (1 - 0.999 ** 1_000), 1e-9);
    near(expectDistinct(10, 1e6), 10, 1e-9);
  });

  test('few visitors that come again write few rows of sets, visitors that come once one each', () => {
    const again = expectTouched({ ...LOAD, campaigns: 1, actors: 100 });
    near(again.actorRows, (100 / 90_000_000) * 5_000, 1e-6);
    near(expectTouched({ rate: 1, campaigns: 1_000, actors: 1e9 }).actorRows, 5_000, 1e-3);
  });

  test('shards are the fewest that keep each counting within its share of the time', () => {
    const shards = findShards(COSTS, LOAD);
    assert.ok(plan(COSTS, LOAD, shards).countingBusy <= BUSY);
    assert.ok(plan(COSTS, LOAD, shards - 1).countingBusy > BUSY);
  });

  test('a shard has fewer campaigns, so a batch of it touches fewer rows an event', () => {
    assert.ok(plan(COSTS, LOAD, 8).countingMicros < plan(COSTS, LOAD, 1).countingMicros);
  });

  test('costs that made the values are found again; none is below zero', () => {
    const rows = [
      [1, 2, 3],
      [1, 5, 1],
      [1, 1, 7],
      [1, 4, 4],
    ];
    const values = rows.map(([a, b, c]) => 10 * a! + 2 * b! + 0.5 * c!);
    for (const [at, wanted] of [10, 2, 0.5].entries()) near(fit(rows, values)[at]!, wanted, 1e-9);
    const falling = rows.map(([a, b, c]) => 10 * a! + 2 * b! - 0.5 * c!);
    assert.equal(fitCosts(rows, falling)[2], 0);
  });
});

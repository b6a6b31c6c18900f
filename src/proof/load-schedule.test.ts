import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Arrivals, createSchedule, parseRamp, type Share } from './load-schedule.ts';
import { createRandom } from './random.ts';

function instants(ramp: string, seconds: number, arrivals: Arrivals, seed = 1, share?: Share): number[] {
  const schedule = createSchedule(parseRamp(ramp)(seconds), arrivals, createRandom(seed), share);
  return Array.from({ length: schedule.events }, () => schedule.next());
}

test('a run has exactly the events of its rate, in order, and the same ones from the same seed', () => {
  const first = instants('500..500', 10, 'poisson', 7);
  assert.equal(first.length, 5_000);
  assert.deepEqual(
    first,
    first.toSorted((a, b) => a - b),
  );
  assert.ok(first.at(-1)! <= 10_000);
  assert.deepEqual(first, instants('500..500', 10, 'poisson', 7));
  assert.notDeepEqual(first, instants('500..500', 10, 'poisson', 8));
});

test('Poisson arrivals have gaps whose deviation is their mean; even ones have none', () => {
  const gaps = (all: number[]) => all.slice(1).map((at, index) => at - all[index]!);
  const deviation = (all: number[]) => {
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
    return Math.sqrt(all.reduce((sum, one) => sum + (one - mean) ** 2, 0) / all.length);
  };
  assert.ok(Math.abs(deviation(gaps(instants('1000..1000', 20, 'poisson'))) - 1) < 0.05);
  assert.ok(deviation(gaps(instants('1000..1000', 20, 'even'))) < 1e-6);
});

test('a ramp sends what its line says in each part, in steps or straight', () => {
  const inSecond = (all: number[], second: number) =>
    all.filter((at) => at >= second * 1_000 && at < (second + 1) * 1_000).length;
  const line = instants('0..1000', 10, 'even');
  assert.equal(line.length, 5_000);
  assert.ok(Math.abs(inSecond(line, 0) - 50) <= 1);
  assert.ok(Math.abs(inSecond(line, 9) - 950) <= 1);
  const steps = instants('100..300:3', 9, 'even');
  assert.deepEqual(
    [0, 1, 2, 3, 5, 6, 8].map((second) => inSecond(steps, second)),
    [100, 100, 100, 200, 200, 300, 300],
  );
  const random = instants('0..1000', 10, 'poisson');
  assert.ok(inSecond(random, 9) > 850 && inSecond(random, 0) < 90);
});

test('a ramp down to nothing ends within its time', () => {
  for (const arrivals of ['even', 'poisson'] as const)
    for (const ramp of ['500..0', '700..0:5', '0..90:7'])
      for (let seed = 1; seed <= 5; seed += 1)
        for (const at of instants(ramp, 10, arrivals, seed)) assert.ok(at <= 10_000 + 1e-6, `${ramp}: ${at}`);
});

test('shares of a run add up to it, and even ones fall between each other', () => {
  const whole = instants('100..101', 3, 'even');
  const parts = [0, 1, 2, 3].flatMap((index) => instants('100..101', 3, 'even', 1, { index, of: 4 }));
  assert.equal(parts.length, whole.length);
  assert.equal(new Set(parts.map((at) => at.toFixed(3))).size, parts.length);
});

test('how much is due at an instant follows the profile and ends with the run', () => {
  const schedule = createSchedule(parseRamp('0..100')(2), 'poisson', createRandom(1));
  assert.deepEqual([0, 1_000, 2_000, 9_000].map(schedule.dueBy), [0, 25, 100, 100]);
});

test('a ramp that is none is refused in words', () => {
  for (const text of ['5', '5..', '0..0', '1..2:1', 'a..b'])
    assert.throws(() => parseRamp(text), /must be|at least/);
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { toSlope } from './resource-samples.ts';

describe('the slope of memory', () => {
  test('is that of a straight line, for each ten minutes', () => {
    const line = (perSecond: number) =>
      Array.from({ length: 60 }, (_, at) => ({
        atSeconds: at * 7,
        rssMb: 150 + at * 7 * perSecond,
        heapMb: 1,
      }));
    assert.equal(toSlope(line(0), 'rssMb'), 0);
    assert.equal(toSlope(line(0.01), 'rssMb'), 6);
    assert.equal(toSlope(line(-0.005), 'rssMb'), -3);
  });

  test('takes what goes up and down for level', () => {
    const saw = Array.from({ length: 1_000 }, (_, at) => ({
      atSeconds: at,
      rssMb: 150 + (at % 10),
      heapMb: at,
    }));
    assert.ok(Math.abs(toSlope(saw, 'rssMb')!) < 0.1);
  });

  test('is none of a single moment', () => {
    assert.equal(toSlope([], 'rssMb'), undefined);
    assert.equal(toSlope([{ atSeconds: 1, rssMb: 1, heapMb: 1 }], 'rssMb'), undefined);
  });
});

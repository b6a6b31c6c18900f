import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { believe } from './believed-clock.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START = Date.UTC(2031, 3, 5);

/** Looks each hour for so many hours, at a clock that is off by so much; returns what is believed, against the true time. */
function createLooks() {
  let belief = { believedAt: START, seenAt: START, waitedMs: undefined as number | undefined };
  let trueAt = START;
  return (hours: number, offBy: number) => {
    for (let hour = 0; hour < hours; hour += 1) {
      trueAt += HOUR_MS;
      belief = { ...believe(belief, trueAt + offBy) };
    }
    return (belief.believedAt - trueAt) / DAY_MS;
  };
}

describe('the believed clock', () => {
  test('goes with a clock that goes', () => {
    const look = createLooks();
    assert.equal(look(24 * 400, 0), 0);
  });

  test('runs at most a day ahead while the clock is wrong by any time for three days, and is right again with it', () => {
    for (const days of [1.01, 3, 30, 100, 4_000]) {
      const look = createLooks();
      look(100, 0);
      for (let hour = 0; hour < 71; hour += 1)
        assert.ok(look(1, days * DAY_MS) <= 1, `${days} days, hour ${hour}`);
      assert.equal(look(1, 0), 0);
      // And so as often as it happens.
      assert.ok(look(70, days * DAY_MS) <= 1);
    }
  });

  test('never says more than the clock, which may go back', () => {
    const look = createLooks();
    for (const days of [-1, -100, 0, -5 / 86_400, 0]) assert.ok(look(5, days * DAY_MS) <= days);
    look(80, 0);
    assert.equal(look(1, 0), 0);
  });

  test('is the clock again three days after a server was off for long', () => {
    const look = createLooks();
    // The true time and the clock both went on: the same as a clock that leapt and stays.
    assert.ok(look(72, 50 * DAY_MS) <= 1);
    assert.equal(look(2, 50 * DAY_MS), 50);
  });

  test('follows a server that runs an hour every other week, not farther behind than four of them', () => {
    let belief = { believedAt: START, seenAt: START, waitedMs: undefined as number | undefined };
    for (let at = START; at < START + 400 * DAY_MS; at += 14 * DAY_MS) {
      for (const clockAt of [at, at + HOUR_MS]) belief = { ...believe(belief, clockAt) };
      assert.ok(at - belief.believedAt <= 4 * 14 * DAY_MS);
    }
  });
});

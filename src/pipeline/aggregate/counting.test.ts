import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemClock } from '../../kit/clock.ts';
import { systemTimers } from '../../kit/wait.ts';
import { type CountedBatch, type CountingDeps, type CountStore, countToEnd } from './counting.ts';

/** A log of one lane with `events` in it, whose clock goes on by a second at each look. */
function build(events: number, overrides: (at: State) => Partial<CountStore>) {
  const at: State = { seconds: 0, position: 0, through: new Date(0), calls: [] };
  const store: CountStore = {
    readPositions: () => {
      at.calls.push('positions');
      return Promise.resolve([{ partition: 1, position: at.position, complete_through: at.through }]);
    },
    countBatch: (batch) => {
      const { after, upTo, completeThrough } = batch;
      Object.assign(at, { position: upTo, through: completeThrough ?? at.through });
      return Promise.resolve(upTo - after);
    },
    parkEvent: () => Promise.resolve(),
    markComplete: (_, through) => {
      at.through = through;
      return Promise.resolve();
    },
  };
  const deps: CountingDeps = {
    store: { ...store, ...overrides(at) },
    log: {
      identity: 'test',
      clock: () => {
        at.calls.push('clock');
        at.seconds += 1;
        return Promise.resolve(new Date(at.seconds * 1_000));
      },
      span: (_, after) => Promise.resolve({ upTo: events, count: events - after, atEnd: true }),
    },
    logger: { warn: () => undefined },
    clock: systemClock,
    timers: systemTimers,
    random: () => 0,
    batch: 100,
  };
  return { at, deps };
}

interface State {
  seconds: number;
  position: number;
  through: Date;
  readonly calls: string[];
}

describe('counting to the end', () => {
  test('a batch that another aggregator took, and then died of, is counted all the same', async () => {
    let tries = 0;
    const { at, deps } = build(7, (state) => ({
      countBatch: (batch: CountedBatch) => {
        tries += 1;
        if (tries < 3) return Promise.resolve(undefined);
        Object.assign(state, { position: batch.upTo, through: batch.completeThrough });
        return Promise.resolve(7);
      },
    }));
    assert.equal(await countToEnd(deps), 7);
    assert.equal(at.position, 7);
  });

  test('the instant that the numbers are complete through is taken before the lanes are listed', async () => {
    const { at, deps } = build(0, () => ({}));
    await countToEnd(deps);
    // The first look is the command's own.
    assert.deepEqual(at.calls.slice(1, 3), ['clock', 'positions']);
  });
});

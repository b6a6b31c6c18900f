import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createLoopTurn } from './loop-turn.ts';

describe('the turn of an event loop', () => {
  function build() {
    let now = 0;
    let idle = 0;
    let ending: (() => void)[] = [];
    const turn = createLoopTurn({
      now: () => now,
      idleMs: () => idle,
      afterTurn: (run) => void ending.push(run),
    });
    const end = () => {
      for (const run of ending) run();
      ending = [];
    };
    return {
      turn,
      rest: (ms: number) => {
        now += ms;
        idle += ms;
      },
      /** One turn of this many requests; what the last of them was told. */
      run: (requests: number, msEach: number) => {
        let last = turn.take();
        for (let at = 1; at < requests; at += 1) {
          now += msEach;
          last = turn.take();
        }
        now += msEach;
        end();
        return last;
      },
    };
  }

  test('who comes last in a turn waited for all before it', () => {
    const { run } = build();
    assert.deepEqual(run(11, 5), { waitedMs: 50, pressure: 'burst' });
    assert.equal(run(1, 5).waitedMs, 0);
  });

  test('turns without rest are a standing queue after a while, however short they are', () => {
    for (const requests of [1, 20]) {
      const { run } = build();
      const told = Array.from({ length: 1_000 / (5 * requests) }, () => run(requests, 5).pressure);
      assert.equal(told[0], 'burst');
      assert.equal(told.at(-1), 'standing');
    }
  });

  test('a rest between the turns says that nobody was waiting', () => {
    const { run, rest } = build();
    for (let at = 0; at < 10; at += 1) run(20, 5);
    rest(1);
    assert.equal(run(20, 5).pressure, 'burst');
  });

  test('one rest ends no shedding, but a second without a refusal does', () => {
    const { turn, run, rest } = build();
    for (let at = 0; at < 10; at += 1) run(20, 5);
    turn.refuse();
    rest(5);
    assert.equal(run(1, 5).pressure, 'shedding');
    for (let at = 0; at < 100; at += 1) {
      run(1, 5);
      rest(6);
    }
    assert.equal(run(1, 5).pressure, 'burst');
  });

  test('long ago is no queue: the first after a quiet night is not refused for it', () => {
    const { run, rest } = build();
    run(20, 5);
    rest(10_000_000);
    assert.deepEqual(run(2, 1), { waitedMs: 1, pressure: 'burst' });
  });
});

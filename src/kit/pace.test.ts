import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createPace } from './pace.ts';

describe('the pace of a queue', () => {
  function build() {
    let now = 0;
    const pace = createPace({ now: () => now, monotonicMs: () => now });
    const advance = (ms: number) => (now += ms);
    const write = (items: number, ms: number, failed = false) => {
      pace.begin(items);
      advance(ms);
      pace.end(failed);
    };
    return { pace, advance, write };
  }

  test('where nothing is before an item, it waits for nothing, however slow the last group was', () => {
    const { pace, write } = build();
    assert.equal(pace.expectedWaitMs(0), 0);
    write(10, 5_000);
    assert.equal(pace.expectedWaitMs(0), 0);
  });

  test('small groups promise nothing bad of a large one, be it that each commit takes long', () => {
    const { pace, write } = build();
    for (let group = 0; group < 100; group += 1) write(1 + (group % 3), 150);
    assert.equal(pace.expectedWaitMs(1_000), 0);
  });

  test('two large groups that took long tell what waits behind the next one', () => {
    const { pace, advance, write } = build();
    write(200, 400);
    write(200, 400);
    pace.begin(100);
    advance(50);
    assert.equal(pace.expectedWaitMs(30), 150 + 60);
  });

  test('where each commit takes long, nobody is refused for that', () => {
    const { pace, advance, write } = build();
    for (let group = 0; group < 10; group += 1) write(1, 2_000);
    pace.begin(1);
    advance(1_900);
    assert.equal(pace.expectedWaitMs(100), 0);
  });

  test('what each commit takes is not taken for that of the items', () => {
    const { pace, write } = build();
    write(1, 100);
    write(100, 300);
    write(100, 300);
    assert.equal(pace.expectedWaitMs(10), 20);
  });

  test('one stall is no pace, and a failed group tells nothing', () => {
    const { pace, write } = build();
    write(100, 3_000);
    assert.equal(pace.expectedWaitMs(10), 0);
    write(100, 3_000, true);
    assert.equal(pace.expectedWaitMs(10), 0);
    write(100, 3_000);
    assert.equal(pace.expectedWaitMs(10), 300);
  });

  test('a pace is forgotten with the first group that went faster', () => {
    const { pace, write } = build();
    for (let group = 0; group < 3; group += 1) write(100, 1_000);
    assert.equal(pace.expectedWaitMs(10), 100);
    write(100, 200);
    assert.equal(pace.expectedWaitMs(10), 20);
    write(4, 2);
    assert.equal(pace.expectedWaitMs(10), 5);
    write(100, 20);
    assert.equal(pace.expectedWaitMs(10), 2);
  });

  test('a group that is late may take half as long again', () => {
    const { pace, advance } = build();
    pace.begin(1);
    advance(700);
    assert.equal(pace.expectedWaitMs(0), 350);
  });
});

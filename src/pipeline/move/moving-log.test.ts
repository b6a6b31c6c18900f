import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Event } from '../../events/event.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';
import { createMovingLog } from './moving-log.ts';

const EVENTS: readonly Event[] = [];

/** A log whose appends end when the test says so. */
function openSlowLog() {
  const ends: (() => void)[] = [];
  const log = {
    append: () =>
      new Promise<readonly AppendOutcome[]>((resolve) => ends.push(() => resolve([{ status: 'kept' }]))),
  } as unknown as EventLog;
  return { log, ends };
}

test('new events go to the new log at once; the switch ends with the last one that is under way to the old', async () => {
  const [one, other] = [openSlowLog(), openSlowLog()];
  const moving = createMovingLog(one.log, { monotonicMs: () => 0 });
  const first = moving.append(EVENTS);
  let switched = false;
  const switching = moving.switchTo(other.log).then(() => (switched = true));
  const second = moving.append(EVENTS);
  other.ends[0]!();
  await second;
  assert.equal(switched, false);
  one.ends[0]!();
  await first;
  await switching;
  await moving.switchTo(other.log);
});

test('what a process appended while it stood still is not acknowledged, and it asks before it appends again', async () => {
  let now = 0;
  const { log, ends } = openSlowLog();
  const moving = createMovingLog(log, { monotonicMs: () => now });
  const before = moving.append(EVENTS);
  now += 31_000;
  ends[0]!();
  await assert.rejects(before, { code: 'outcome_unknown' });
  await assert.rejects(moving.append(EVENTS), { code: 'unavailable' });
  moving.heard();
  const after = moving.append(EVENTS);
  now += 1_000;
  ends[1]!();
  assert.equal((await after).length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryLog } from '../src/engines/memory/memory-log.ts';
import { AppError, type ErrorCode } from '../src/kit/errors.ts';
import { createSpillLog } from '../src/pipeline/ingest/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { buildEvent } from './support/builders.ts';

function failing(code: ErrorCode, writable = true): EventLog {
  return {
    ...createMemoryLog({ keepsCopies: true }),
    writable: () => writable,
    append: () => Promise.reject(new AppError(code, code)),
  };
}

const ignore = () => undefined;
const kept = async (log: EventLog) => (await log.read(1, 0, 100)).count;

test('events go to the first log while it takes them', async () => {
  const [first, second] = [createMemoryLog({ keepsCopies: true }), createMemoryLog()];
  await createSpillLog(first, second, () => assert.fail('nothing spills')).append([buildEvent()]);
  assert.deepEqual([await kept(first), await kept(second)], [1, 0]);
});

const away: [string, EventLog][] = [
  ['kept nothing', failing('unavailable')],
  ['does not answer', failing('outcome_unknown')],
  ['has no connection', failing('unavailable', false)],
];
for (const [what, first] of away) {
  test(`events go to the second log where the first ${what}, and that is said once`, async () => {
    const second = createMemoryLog();
    const changes: boolean[] = [];
    const log = createSpillLog(first, second, (spills) => changes.push(spills));
    assert.deepEqual(await log.append([buildEvent()]), [{ status: 'kept' }]);
    await log.append([buildEvent()]);
    assert.equal(await kept(second), 2);
    assert.equal(log.writable(), true);
    assert.deepEqual(changes, [true]);
  });
}

test('an overload is handed on: it is no outage', async () => {
  const second = createMemoryLog();
  const log = createSpillLog(failing('overloaded'), second, ignore);
  await assert.rejects(log.append([buildEvent()]), { code: 'overloaded' });
  assert.equal(await kept(second), 0);
});

test('where both fail, what the first may have kept is not denied', async () => {
  const both = (one: ErrorCode, two: ErrorCode) =>
    createSpillLog(failing(one), failing(two), ignore).append([buildEvent()]);
  await assert.rejects(both('outcome_unknown', 'unavailable'), { code: 'outcome_unknown' });
  await assert.rejects(both('unavailable', 'outcome_unknown'), { code: 'outcome_unknown' });
  await assert.rejects(both('unavailable', 'unavailable'), { code: 'unavailable' });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { systemTimers } from '../../kit/wait.ts';
import { type LaneSession, openLane } from './log-lane.ts';

type Ending = 'lives' | 'ends with its last answer';

/** Opens a lane over sessions that end as told, one after the other. */
function build(endings: readonly Ending[]) {
  const sessions: LaneSession[] = [];
  const opening = openLane({
    openSession: (onLost) => {
      const ending = endings[sessions.length];
      assert.ok(ending, 'no further session is opened');
      const session: LaneSession = {
        listLanes: () => Promise.resolve([1]),
        tryLock: () => Promise.resolve(true),
        addLane: () => Promise.resolve(),
        findHead: () => {
          if (ending !== 'lives') onLost();
          return Promise.resolve(0);
        },
        destroy: () => undefined,
        end: () => Promise.resolve(),
      };
      sessions.push(session);
      return Promise.resolve(session);
    },
    log: { info: () => undefined, debug: () => undefined },
    timers: { ...systemTimers, sleep: () => systemTimers.turn() },
  });
  return { sessions, opening };
}

describe('lane', () => {
  test('a session whose end comes with its last answer is not kept as one that lives', async () => {
    const { sessions, opening } = build(['lives', 'ends with its last answer', 'lives']);
    const lane = await opening;
    lane.current()?.abandon();
    while (lane.current() === undefined) await systemTimers.turn();
    assert.equal(lane.current()?.session, sessions[2]);
    await lane.close();
  });

  test('a first session that ends while it opens refuses the start, and nothing goes on behind it', async () => {
    const { sessions, opening } = build(['ends with its last answer']);
    await assert.rejects(opening, /ended while it was opened/);
    await systemTimers.turn();
    assert.equal(sessions.length, 1);
  });
});

import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import { noteFindings, settleFindings } from '../verify/index.ts';
import { type Belief, holdBelief, readDatabaseClock, saveBelief } from './believed-clock.queries.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const MOST_APART_MS = 5 * MINUTE_MS;
/** Twice this may be believed of a wrong clock: all that time removes has a day of slack (ids, partitions, salts). */
const MOST_STEP_MS = DAY_MS / 2;
const WAIT_MS = 3 * DAY_MS;
/** Of the wait, at one look: leaps, one upon the other, shall not be taken for time that passed. */
const MOST_WAIT_STEP_MS = DAY_MS;

/**
 * Believes of a clock at most half a day more at each look, and never more than it says. One that stands further ahead
 * than another half is believed when three days have passed with it; nothing but their number tells a server that was off from a wrong clock.
 */
export function believe(before: Belief, clockAt: number): Belief {
  const passed = Math.max(0, clockAt - before.seenAt);
  const believedAt = Math.min(clockAt, before.believedAt + Math.min(passed, MOST_STEP_MS));
  const waitedMs = before.waitedMs === undefined ? 0 : before.waitedMs + Math.min(passed, MOST_WAIT_STEP_MS);
  if (clockAt - believedAt <= MOST_STEP_MS || waitedMs >= WAIT_MS)
    return { believedAt: clockAt, seenAt: clockAt, waitedMs: undefined };
  return { believedAt, seenAt: clockAt, waitedMs };
}

/**
 * What removal goes by, in milliseconds since the epoch: see docs/decisions/0010-believed-clock.md. undefined: nothing may
 * be removed, as this process's clock and the database's differ. A clock in doubt is logged and is a finding until it is
 * believed or set right.
 */
export async function readBelievedClock(
  db: Db,
  { now, logger }: { now: () => number; logger: Logger },
): Promise<number | undefined> {
  const apartMs = now() - (await readDatabaseClock(db));
  const apart = Math.abs(apartMs) > MOST_APART_MS;
  const belief = apart ? undefined : await look(db);
  const doubt = apart ? describeApart(apartMs) : describeLeap(belief!);
  if (doubt !== undefined) {
    logger.warn({ reason: doubt }, 'the clock is in doubt: what time makes due is kept');
    await noteFindings(db, 'clock', [{ key: 'clock', detail: { reason: doubt } }]);
  } else await settleFindings(db, 'clock', []);
  return belief?.believedAt;
}

function look(db: Db): Promise<Belief> {
  return db.transaction(async (tx) => {
    const before = await holdBelief(tx);
    const after = believe(before, await readDatabaseClock(tx));
    await saveBelief(tx, after);
    return after;
  });
}

function describeApart(apartMs: number): string {
  const minutes = Math.round(Math.abs(apartMs) / MINUTE_MS);
  const side = apartMs > 0 ? 'ahead of' : 'behind';
  return `this process's clock is ${minutes} minutes ${side} the database's, and one of them is wrong: nothing is removed until they agree within ${MOST_APART_MS / MINUTE_MS} minutes. Set the wrong one right.`;
}

function describeLeap({ believedAt, seenAt, waitedMs }: Belief): string | undefined {
  if (waitedMs === undefined) return undefined;
  const days = ((seenAt - believedAt) / DAY_MS).toFixed(1);
  const left = Math.ceil((WAIT_MS - waitedMs) / 3_600_000);
  return `the clock stands ${days} days ahead of the time that is known to have passed: the server was off, or the clock is wrong. Removal goes by ${new Date(believedAt).toISOString()} for ${left} more hours, then by the clock. If it is wrong, set it right before.`;
}

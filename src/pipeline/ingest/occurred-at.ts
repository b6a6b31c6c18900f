import { FLAGS } from '../../events/event.ts';
import { timeOfEventId, UNDATED } from '../../events/event-id.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const LATE_MS = 7 * DAY_MS;
const EARLY_MS = 5 * MINUTE_MS;

export interface When {
  readonly occurredAt: number;
  readonly flags: number;
}

/**
 * Which instant an event counts at. Up to 7 days back: its own. Older, or more than 5 minutes ahead: the receive time,
 * flagged. Up to 5 minutes ahead: the receive time (a clock that is a little fast). Missing: the receive time.
 */
export function resolveOccurredAt(claimed: number | undefined, receivedAt: number): When {
  if (claimed === undefined) return { occurredAt: receivedAt, flags: 0 };
  if (claimed > receivedAt + EARLY_MS) return { occurredAt: receivedAt, flags: FLAGS.in_future };
  if (claimed > receivedAt) return { occurredAt: receivedAt, flags: 0 };
  if (claimed < receivedAt - LATE_MS) return { occurredAt: receivedAt, flags: FLAGS.too_old };
  return { occurredAt: claimed, flags: 0 };
}

/** Why an event id is refused, or undefined: its day names a partition that must be there and stay there. */
export function refuseEventId(
  id: string,
  day: number,
  receivedAt: number,
  retentionDays: number,
): string | undefined {
  if (day === UNDATED) return undefined;
  const time = timeOfEventId(id) ?? 0;
  if (time > receivedAt + DAY_MS)
    return 'the time inside this UUIDv7 lies over 24 hours ahead; check the clock that made it';
  if (time < receivedAt - retentionDays * DAY_MS) {
    return `the time inside this UUIDv7 is older than the ${retentionDays} days that events are kept; make a new id`;
  }
  return undefined;
}

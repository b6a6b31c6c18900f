import type { Event } from '../../src/events/event.ts';
import { dayOfEventId, newEventId } from '../../src/events/event-id.ts';

const ACTOR = '6d1b1f6e-9a5e-8c1e-9c53-0f6a2b8f8d11';

/** A valid view of campaign 1, now; any part can be given. */
export function buildEvent(parts: Partial<Event> = {}): Event {
  const id = parts.id ?? newEventId();
  const now = Date.now();
  return {
    id,
    day: dayOfEventId(id),
    subject: { kind: 'campaign', id: 1 },
    type: 'view',
    occurredAt: now,
    receivedAt: now,
    actor: ACTOR,
    member: false,
    verdict: { valid: true },
    flags: 0,
    source: 'api',
    address: undefined,
    userAgent: 'Mozilla/5.0',
    referrer: undefined,
    page: undefined,
    ...parts,
  };
}

/** A UUIDv7 made at that instant (milliseconds since the epoch). */
export function eventIdAt(time: number): string {
  const stamp = time.toString(16).padStart(12, '0');
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}${newEventId().slice(13)}`;
}

/** The nth of as many different actors as wanted. */
export function actorNumber(n: number): string {
  return `00000000-0000-8000-8000-${String(n).padStart(12, '0')}`;
}

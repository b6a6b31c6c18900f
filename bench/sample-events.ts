import { randomBytes, randomUUID } from 'node:crypto';
import type { Event } from '../src/events/event.ts';
import { dayOfEventId, newEventId } from '../src/events/event-id.ts';
import { createRandom } from '../src/proof/random.ts';

const ACTORS = 500;
const AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const VALID = { valid: true } as const;

/** What a kept event of a visitor holds, in words for the report. */
export const SAMPLE_HOLDS = `an address (network, hash, sealed), an agent of ${AGENT.length} letters, no referrer, no page`;

/** Makes events of now as `POST /api/events` keeps them: 500 visitors, campaigns 1 to `campaigns`, the first ones most. */
export function createSampleEvents(campaigns: number, seed = 1): (count: number) => Event[] {
  const random = createRandom(seed);
  const visitors = Array.from({ length: ACTORS }, (_, at) => ({
    actor: randomUUID(),
    address: { network: `198.51.${at % 256}.0/24`, hash: randomBytes(8), sealed: randomBytes(16) },
  }));
  return (count) => {
    const now = Date.now();
    return Array.from({ length: count }, (): Event => {
      const id = newEventId();
      const { actor, address } = visitors[Math.floor(random() * ACTORS)]!;
      return {
        id,
        day: dayOfEventId(id),
        subject: { kind: 'campaign', id: 1 + Math.floor(campaigns * random() ** 2) },
        type: random() < 0.65 ? 'view' : random() < 0.86 ? 'true_view' : 'click',
        occurredAt: now,
        receivedAt: now,
        actor,
        member: false,
        verdict: VALID,
        flags: 0,
        source: 'api',
        address,
        userAgent: AGENT,
        referrer: undefined,
        page: undefined,
      };
    });
  };
}

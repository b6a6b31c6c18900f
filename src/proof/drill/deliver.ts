import type { EventType } from '../../events/event.ts';
import { newEventId } from '../../events/event-id.ts';
import { sleep } from '../../kit/wait.ts';
import type { Outcome } from '../history.ts';
import type { Rig } from './rig.ts';

const TRY_LIMIT_MS = 5_000;
const GIVE_UP_MS = 60_000;
const PAUSE_MS = 100;
const NOTHING_KEPT: readonly unknown[] = ['overloaded', 'unavailable'];
const DAY_MS = 86_400_000;

/** An event that a scenario sends itself, to provoke what plain load does not. */
export interface OwnEvent {
  readonly event_id: string;
  readonly campaign_id: number;
  readonly type: EventType;
  readonly page?: string;
}

/**
 * Sends events in one request, again and again under their ids over whatever becomes of the server, until each was
 * accepted or refused; then they are in the history.
 */
export async function deliver({ server, history }: Rig, events: readonly OwnEvent[]): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  let outcome: Outcome = 'fail';
  while (performance.now() < giveUpAt) {
    const answer = await send(`${server.url}/api/events`, events);
    if (typeof answer !== 'string') {
      for (const [at, event] of events.entries()) note(history, event, answer[at] ? 'ok' : 'fail');
      return;
    }
    if (answer === 'unknown') outcome = 'unknown';
    await sleep(PAUSE_MS);
  }
  for (const event of events) note(history, event, outcome);
}

function note(history: Rig['history'], { event_id, campaign_id, type }: OwnEvent, outcome: Outcome): void {
  history.add({ event_id, campaign_id, type, outcome });
}

/** Whether each was accepted; or that the request came to nothing, or to nobody knows what. */
async function send(url: string, events: readonly OwnEvent[]): Promise<boolean[] | 'fail' | 'unknown'> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(TRY_LIMIT_MS),
    });
    const body = (await answer.json()) as { code?: unknown; results?: { status: string }[] };
    if (body.results) return body.results.map((result) => result.status === 'accepted');
    return answer.status === 503 && NOTHING_KEPT.includes(body.code) ? 'fail' : 'unknown';
  } catch (error) {
    const cause = error instanceof Error ? (error.cause as { code?: unknown } | undefined) : undefined;
    return cause?.code === 'ECONNREFUSED' ? 'fail' : 'unknown';
  }
}

/** A UUIDv7 of an instant some days ago: its partition is made when the event comes. */
export function eventIdOfDaysAgo(days: number): string {
  const time = (Date.now() - days * DAY_MS).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}${newEventId().slice(13)}`;
}

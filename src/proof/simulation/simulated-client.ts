import { type Answer, isAccepted, type ServerProcess } from './simulated-process.ts';
import type { World } from './simulated-world.ts';
import type { SimulatedEvent } from './tables.ts';
import type { Life } from './virtual-time.ts';

const TIMEOUT_MS = 3_000;
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 1_000;
const NOTHING_KEPT: readonly string[] = ['overloaded', 'unavailable'];

export type Known = 'ok' | 'fail' | 'unknown';

/** What one sender knows of one event at its end. */
export interface HistoryEntry {
  /** The id it was first sent under. */
  readonly id: string;
  readonly event: SimulatedEvent;
  readonly known: Known;
}

type Reply = Answer | { readonly status: 'not-connected' } | { readonly status: 'lost' };

/**
 * A well-behaved client, as `weir load` is one: unknown outcomes and 503 are repeated under the same id, later and later.
 * One lost answer stays unknown, whatever refusals come after it.
 */
export async function deliver(
  world: World,
  servers: readonly ServerProcess[],
  events: readonly SimulatedEvent[],
): Promise<HistoryEntry[]> {
  const { time, draw, plan, planted } = world;
  const { sleep } = time.timersOf(OUTSIDE);
  const giveUpAt = time.now() + plan.giveUpMs;
  const known: Known[] = events.map(() => 'fail');
  let sent = events;
  for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(2 * backoff, LAST_BACKOFF_MS)) {
    const reply = await post(world, draw.pick(servers), sent);
    for (const at of events.keys()) known[at] = settle(known[at]!, reply, at);
    if (reply.status === 'answered') break;
    const pause = backoff * (0.5 + draw.share());
    if (time.now() + pause > giveUpAt) break;
    await sleep(pause);
    if (planted === 'new-id') sent = sent.map((event) => ({ ...event, id: `${event.id}'` }));
  }
  return events.map((event, at) => ({ id: event.id, event, known: known[at]! }));
}

const OUTSIDE: Life = { name: 'client', alive: true };

function settle(before: Known, reply: Reply, at: number): Known {
  if (reply.status === 'answered') {
    if (isAccepted(reply.outcomes[at])) return 'ok';
    return before === 'unknown' ? 'unknown' : 'fail';
  }
  const nothingKept =
    reply.status === 'not-connected' || (reply.status === 'refused' && NOTHING_KEPT.includes(reply.code));
  return nothingKept && before !== 'unknown' ? 'fail' : 'unknown';
}

/** One try over a network that delays, overtakes, cuts off, and delivers after its sender has given up. */
function post(world: World, server: ServerProcess, events: readonly SimulatedEvent[]): Promise<Reply> {
  const { time, draw } = world;
  const { lost, slow } = world.weather();
  const travelMs = () => (draw.chance(slow) ? draw.between(5, 4_000) : draw.between(0.2, 3));
  return new Promise((resolve) => {
    const reply = (value: Reply) => {
      takeBack();
      resolve(value);
    };
    const takeBack = time.after(TIMEOUT_MS, () => resolve({ status: 'lost' }));
    const cut = draw.chance(lost);
    if (cut && draw.chance(0.3)) {
      time.after(travelMs(), () => reply({ status: 'lost' }));
      return;
    }
    time.after(travelMs(), () => {
      const answering = server.post(events);
      if (answering === undefined) return reply({ status: 'not-connected' });
      if (cut) time.after(travelMs(), () => reply({ status: 'lost' }));
      else void answering.then((answer) => time.after(travelMs(), () => reply(answer)));
    });
  });
}

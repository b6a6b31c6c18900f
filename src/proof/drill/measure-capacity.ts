import { createRequests, type Mix } from '../load-request.ts';
import { createLoadClient } from '../load-socket.ts';
import { sendEvent } from '../send-event.ts';
import { TRY_LIMIT_MS } from './drill-load.ts';
import type { Rig } from './rig.ts';

/** Few, and as many as it may refuse none of: which keep a server busier depends on how long its commits take. */
const CLIENTS = [64, 256] as const;
const WARM_SHARE = 1 / 3;

interface CapacityOptions {
  readonly campaigns: readonly number[];
  readonly seconds: number;
  /** Events of one request. */
  readonly batch: number;
  readonly signal: AbortSignal;
}

/** All requests of one kind. */
export function mixOf(batch: number): Mix {
  return batch > 1 ? { batch: 1 } : { event: 1 };
}

/** Events a second that the server keeps at most, of clients who wait for each answer before they send the next. */
export async function measureCapacity(rig: Rig, options: CapacityOptions): Promise<number> {
  const seconds = options.seconds / CLIENTS.length;
  let most = 0;
  for (const clients of CLIENTS)
    most = Math.max(most, await measureKept(rig, { ...options, seconds }, clients));
  return most;
}

async function measureKept(
  { server, history, random }: Rig,
  { campaigns, seconds, batch, signal }: CapacityOptions,
  clients: number,
): Promise<number> {
  const { url } = server;
  const client = createLoadClient({ url, sockets: clients, timeoutMs: TRY_LIMIT_MS, signal });
  const requests = createRequests({
    url,
    campaigns,
    mix: mixOf(batch),
    batch,
    visitors: 1,
    token: undefined,
    random,
  });
  const startedAt = performance.now();
  const warmAt = startedAt + 1_000 * seconds * WARM_SHARE;
  const endAt = startedAt + 1_000 * seconds;
  let kept = 0;

  async function send(): Promise<void> {
    while (performance.now() < endAt && !signal.aborted) {
      const request = requests.next();
      if (!request) continue;
      const { outcomes } = await sendEvent(client, request);
      for (const [at, event] of request.events.entries()) history.add({ ...event, outcome: outcomes[at]! });
      if (performance.now() >= warmAt) kept += outcomes.filter((outcome) => outcome === 'ok').length;
    }
  }

  try {
    await Promise.all(Array.from({ length: clients }, send));
  } finally {
    client.close();
  }
  return Math.round((1_000 * kept) / (performance.now() - warmAt));
}

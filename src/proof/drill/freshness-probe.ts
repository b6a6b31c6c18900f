import { newEventId } from '../../events/event-id.ts';
import { sleep } from '../../kit/wait.ts';
import { createLatencies, type LatencySummary } from '../latency.ts';
import { askPatiently } from './ask-patiently.ts';
import { TRY_LIMIT_MS } from './drill-load.ts';
import type { Rig } from './rig.ts';

const LOOK_MS = 20;
const REST_MS = 50;
/** Longer, and the event is as good as not counted. */
const LIMIT_MS = 30_000;

export interface FreshnessReport {
  readonly events: number;
  /** From the acknowledgement of an event until the statistics of its campaign hold it. */
  readonly visible_ms: LatencySummary;
  /** Events that were not there after 30 s. */
  readonly missing: number;
}

/** What the console's pages ask, as the admin, who signs in again when the token ends, and repeats what was refused for now. */
export interface AdminView {
  readonly get: (path: string) => Promise<unknown>;
}

export function openAdminView(rig: Rig): AdminView {
  let token: string | undefined;
  const ask = async (path: string) => {
    token ??= await rig.signIn();
    const headers = { authorization: `Bearer ${token}` };
    return askPatiently(() =>
      fetch(`${rig.server.url}${path}`, { headers, signal: AbortSignal.timeout(TRY_LIMIT_MS) }),
    );
  };
  return {
    get: async (path) => {
      let answer = await ask(path);
      if (answer.status === 401) {
        await answer.arrayBuffer();
        token = undefined;
        answer = await ask(path);
      }
      if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
      return answer.json();
    },
  };
}

/**
 * Sends one event after the other to a campaign of its own, and looks when its statistics hold it, until `signal` aborts.
 * The events are in the history.
 */
export async function watchFreshness(
  rig: Rig,
  view: AdminView,
  campaign: number,
  signal: AbortSignal,
): Promise<FreshnessReport> {
  const visibleMs = createLatencies();
  let events = 0;
  let missing = 0;
  while (!signal.aborted) {
    const before = await countViews(view, campaign);
    const keptAt = await sendView(rig, campaign);
    if (keptAt !== undefined) {
      events += 1;
      let counted = false;
      while (!counted && performance.now() - keptAt < LIMIT_MS) {
        await sleep(LOOK_MS);
        counted = (await countViews(view, campaign)) > before;
      }
      if (counted) visibleMs.record(performance.now() - keptAt);
      else missing += 1;
    }
    await sleep(REST_MS, signal);
  }
  return { events, visible_ms: visibleMs.summary(), missing };
}

async function countViews(view: AdminView, campaign: number): Promise<number> {
  const { totals } = (await view.get(`/api/campaigns/${campaign}/stats?traffic=all`)) as {
    totals: { views: number };
  };
  return totals.views;
}

/** The instant of its acknowledgement, or undefined where there was none. */
async function sendView({ server, history }: Rig, campaign_id: number): Promise<number | undefined> {
  const event = { event_id: newEventId(), campaign_id, type: 'view' } as const;
  const answer = await fetch(`${server.url}/api/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
    signal: AbortSignal.timeout(TRY_LIMIT_MS),
  }).catch(() => undefined);
  const keptAt = performance.now();
  await answer?.arrayBuffer();
  history.add({ ...event, outcome: answer?.ok ? 'ok' : 'unknown' });
  return answer?.ok ? keptAt : undefined;
}

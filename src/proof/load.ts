import { Agent } from 'node:http';
import type { EventType } from '../events/event.ts';
import { newEventId } from '../events/event-id.ts';
import { sleep } from '../kit/wait.ts';
import type { HistoryWriter, Outcome } from './history.ts';
import { createLatencies, type LatencySummary } from './latency.ts';
import { type Answer, sendEvent } from './send-event.ts';

const TICK_MS = 2;
const SOCKETS = 256;
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 1_000;

export interface LoadOptions {
  readonly url: string;
  readonly campaigns: readonly number[];
  /** Events a second, whatever the server does. */
  readonly rate: number;
  readonly seconds: number;
  readonly token: string | undefined;
  readonly history: HistoryWriter;
  readonly random: () => number;
  readonly signal: AbortSignal;
  /** Of one try. */
  readonly timeoutMs: number;
  /** From an event's first try: how long unknown and 503 answers are repeated. */
  readonly giveUpMs: number;
  readonly onProgress: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly done: number;
  readonly of: number;
  readonly inFlight: number;
}

export interface LoadReport {
  readonly events: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  readonly tries: number;
  /** How often each answer came: a status, a problem code, `timeout`, `ECONNRESET` … */
  readonly answers: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Acknowledged events a second. */
  readonly rate: number;
  /** From the instant the event was due to its acknowledgement, repeats included. */
  readonly latency_ms: LatencySummary;
}

interface Load extends LoadOptions {
  readonly agent: Agent;
  readonly outcomes: Record<Outcome, number>;
  readonly answers: Record<string, number>;
  readonly latencies: ReturnType<typeof createLatencies>;
  tries: number;
}

/**
 * Open-loop: each event has its instant, and a server that stands still does not slow them down. One that is late, by
 * this process's fault too, is measured from its instant (no coordinated omission). Resolves when every event has its
 * end; an abort ends those under way as `unknown`.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const load: Load = {
    ...options,
    agent: new Agent({ keepAlive: true, maxSockets: SOCKETS }),
    outcomes: { ok: 0, fail: 0, unknown: 0 },
    answers: {},
    latencies: createLatencies(),
    tries: 0,
  };
  const planned = Math.round(options.rate * options.seconds);
  const startedAt = performance.now();
  const pending = new Set<Promise<void>>();
  let sent = 0;
  const report = () => options.onProgress({ done: sent - pending.size, of: planned, inFlight: pending.size });
  const view = setInterval(report, 1_000);
  while (sent < planned && !options.signal.aborted) {
    const due = Math.min(planned, Math.floor(((performance.now() - startedAt) * options.rate) / 1_000) + 1);
    for (; sent < due; sent += 1) {
      const one = deliver(load, startedAt + (sent * 1_000) / options.rate);
      pending.add(one);
      void one.finally(() => pending.delete(one));
    }
    await sleep(TICK_MS);
  }
  await Promise.all(pending);
  clearInterval(view);
  load.agent.destroy();
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    events: sent,
    ...load.outcomes,
    tries: load.tries,
    answers: load.answers,
    seconds: Math.round(seconds * 100) / 100,
    rate: Math.round(load.outcomes.ok / seconds),
    latency_ms: load.latencies.summary(),
  };
}

/** One event until its end: ok, refused for good, or given up. */
async function deliver(load: Load, dueAt: number): Promise<void> {
  const { random, campaigns, signal } = load;
  const event = {
    event_id: newEventId(),
    campaign_id: campaigns[Math.floor(random() * campaigns.length)]!,
    type: pickType(random()),
  };
  const body = JSON.stringify(event);
  const giveUpAt = performance.now() + load.giveUpMs;
  let outcome: Outcome = 'fail';
  for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(2 * backoff, LAST_BACKOFF_MS)) {
    load.tries += 1;
    const answer = await sendEvent(load, body);
    load.answers[answer.what] = (load.answers[answer.what] ?? 0) + 1;
    outcome = settle(outcome, answer);
    if (outcome === 'ok' || !answer.again) break;
    const pause = Math.max(answer.retryAfterMs ?? 0, backoff * (0.5 + random()));
    if (signal.aborted || performance.now() + pause > giveUpAt) break;
    await sleep(pause, signal);
    if (signal.aborted) break;
  }
  if (outcome === 'ok') load.latencies.record(performance.now() - dueAt);
  load.outcomes[outcome] += 1;
  load.history.add({ ...event, outcome });
}

/** One lost answer stays unknown, whatever refusals come after it: the try behind it may have been kept. */
function settle(before: Outcome, answer: Answer): Outcome {
  if (answer.outcome === 'ok') return 'ok';
  return before === 'unknown' ? 'unknown' : answer.outcome;
}

function pickType(share: number): EventType {
  if (share < 0.65) return 'view';
  return share < 0.95 ? 'true_view' : 'click';
}

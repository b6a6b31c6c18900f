import { setImmediate as letOthersRun } from 'node:timers/promises';
import { sleep } from '../kit/wait.ts';
import type { HistoryWriter, Outcome } from './history.ts';
import { createLatencies } from './latency.ts';
import { createRequests, type LoadRequest, type Mix } from './load-request.ts';
import {
  type Arrivals,
  createSchedule,
  type RateSegment,
  type Schedule,
  type Share,
} from './load-schedule.ts';
import { createLoadClient, type LoadClient } from './load-socket.ts';
import { type LoadCounts, type LoadReport, type LoadTally, toReport } from './load-tally.ts';
import { type Answer, sendEvent } from './send-event.ts';

export type { LoadReport } from './load-tally.ts';

const TICK_MS = 1;
const LONGEST_RUN_MS = 2;
const STALLED_MS = 20;
const SOCKETS = 256;
const BATCH = 50;
// Some 1.5 KB each, with the timer and the promise.
const MOST_IN_FLIGHT = 100_000;
const FIRST_BACKOFF_MS = 50;
const LAST_BACKOFF_MS = 1_000;
const REPORT_MS = 1_000;

/** What a run does; all of it can travel to another process. */
export interface LoadPlan {
  readonly url: string;
  readonly campaigns: readonly number[];
  /** Events a second, whatever the server does. */
  readonly rate: number;
  readonly seconds: number;
  /** Instead of `rate` and `seconds`: how the rate goes. */
  readonly profile?: readonly RateSegment[] | undefined;
  /** Default `poisson`. */
  readonly arrivals?: Arrivals | undefined;
  /** Shares of the requests; single events by default. */
  readonly mix?: Mix | undefined;
  /** Events of a `batch` request, which leaves when the last one is due. */
  readonly batch?: number | undefined;
  /** Default 1: all events are one visitor's, or the token's member's. */
  readonly visitors?: number | undefined;
  readonly token: string | undefined;
  readonly sockets?: number | undefined;
  /** More are dropped, and counted as that. */
  readonly mostInFlight?: number | undefined;
  /** This generator's part of a run that several make. */
  readonly share?: Share | undefined;
  /** Of one try. */
  readonly timeoutMs: number;
  /** From an event's first try: how long unknown and 503 answers are repeated. */
  readonly giveUpMs: number;
}

export interface LoadOptions extends LoadPlan {
  readonly history: HistoryWriter;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly done: number;
  readonly of: number;
  readonly inFlight: number;
  /** Requests without a socket yet. */
  readonly waiting: number;
  readonly seconds: number;
  readonly tally: LoadTally;
}

interface Load {
  readonly plan: LoadOptions;
  readonly schedule: Schedule;
  readonly client: LoadClient;
  readonly startedAt: number;
  readonly outcomes: Record<Outcome, number>;
  readonly answers: Record<string, number>;
  readonly latencies: ReturnType<typeof createLatencies>;
  readonly late: ReturnType<typeof createLatencies>;
  sent: number;
  dropped: number;
  inFlight: number;
  tries: number;
  /** The first bug or full disk: it ends the run. */
  failure?: unknown;
  onIdle: () => void;
}

/**
 * Open-loop: each event has its instant, and a server that stands still does not slow them down. One that is late, by
 * this process's fault too, is measured from its instant (no coordinated omission: Tene, "How NOT to Measure Latency").
 * Resolves when every event has its end; an abort ends those under way as `unknown`, or as `fail` where no byte left.
 * Rejects where the history cannot be written.
 */
export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  return toReport(await countLoad(options));
}

/** The same, as the counts that a report of several generators is made of. */
export async function countLoad(options: LoadOptions): Promise<LoadCounts> {
  const load = createLoad(options);
  const view = setInterval(() => options.onProgress(toProgress(load)), REPORT_MS);
  try {
    await startAll(load);
    const lastedSeconds = Math.min(secondsOf(load), load.schedule.seconds);
    if (load.inFlight > 0) await new Promise<void>((resolve) => (load.onIdle = resolve));
    if (load.failure !== undefined) throw load.failure;
    return { tally: toTally(load), seconds: secondsOf(load), lastedSeconds };
  } finally {
    clearInterval(view);
    load.client.close();
  }
}

function createLoad(options: LoadOptions): Load {
  const { profile, rate, seconds, random, signal } = options;
  return {
    plan: options,
    schedule: createSchedule(
      profile ?? [{ seconds, from: rate, to: rate }],
      options.arrivals ?? 'poisson',
      random,
      options.share,
    ),
    client: createLoadClient({
      url: options.url,
      sockets: options.sockets ?? SOCKETS,
      timeoutMs: options.timeoutMs,
      signal,
    }),
    startedAt: performance.now(),
    outcomes: { ok: 0, fail: 0, unknown: 0 },
    answers: {},
    latencies: createLatencies(),
    late: createLatencies(),
    sent: 0,
    dropped: 0,
    inFlight: 0,
    tries: 0,
    onIdle: () => undefined,
  };
}

/** Starts each request at its instant. Returns when all are started, or none is to start any more. */
async function startAll(load: Load): Promise<void> {
  const { plan, schedule, late } = load;
  const { random, mix = { event: 1 }, batch = BATCH, visitors = 1 } = plan;
  const most = plan.mostInFlight ?? MOST_IN_FLIGHT;
  const requests = createRequests({ ...plan, mix, batch, visitors, random });
  let ranAt = performance.now();
  for (let left = schedule.events; left > 0; left -= 1) {
    const dueAt = load.startedAt + schedule.next();
    // Behind its time, it must not keep the answers of those before from being read.
    if (performance.now() - ranAt > LONGEST_RUN_MS) {
      await letOthersRun();
      ranAt = performance.now();
    }
    while (performance.now() < dueAt) {
      // Not until the instant: a distant one must not keep the abort waiting, nor a timer of more than 24 days overflow.
      await sleep(Math.min(Math.max(TICK_MS, dueAt - performance.now()), REPORT_MS), plan.signal);
      if (performance.now() - dueAt > STALLED_MS) await readWhatCame();
      ranAt = performance.now();
      if (mayNotGoOn(load)) return;
    }
    if (mayNotGoOn(load)) return;
    late.record(performance.now() - dueAt);
    for (const request of [requests.next(), left === 1 ? requests.rest() : undefined]) {
      if (!request) continue;
      const count = request.events.length;
      if (load.inFlight + count > most) load.dropped += count;
      else start(load, request, dueAt);
    }
  }
}

/**
 * After a pause of this process: a connection that was closed meanwhile must not be written to, also where the close
 * comes through a balancer in this process.
 */
async function readWhatCame(): Promise<void> {
  await letOthersRun();
  await letOthersRun();
}

function mayNotGoOn(load: Load): boolean {
  return load.plan.signal.aborted || load.failure !== undefined;
}

function start(load: Load, request: LoadRequest, dueAt: number): void {
  const count = request.events.length;
  load.sent += count;
  load.inFlight += count;
  const end = () => {
    load.inFlight -= count;
    if (load.inFlight === 0) load.onIdle();
  };
  deliver(load, request, dueAt).then(end, (error: unknown) => {
    load.failure ??= error;
    end();
  });
}

/** One request until its end: ok, refused for good, or given up. */
async function deliver(load: Load, request: LoadRequest, dueAt: number): Promise<void> {
  const { signal, giveUpMs, history } = load.plan;
  const giveUpAt = performance.now() + giveUpMs;
  let outcomes: readonly Outcome[] | undefined;
  for (let backoff = FIRST_BACKOFF_MS; ; backoff = Math.min(2 * backoff, LAST_BACKOFF_MS)) {
    load.tries += 1;
    const answer = await sendEvent(load.client, request);
    load.answers[answer.what] = (load.answers[answer.what] ?? 0) + 1;
    outcomes = outcomes ? settle(outcomes, answer) : answer.outcomes;
    if (!answer.again) break;
    // Not from the seed: how many of these are drawn is up to the server, and the seed's events must not be.
    const pause = Math.max(answer.retryAfterMs ?? 0, backoff * (0.5 + Math.random()));
    if (mayNotGoOn(load) || performance.now() + pause > giveUpAt) break;
    await sleep(pause, signal);
    if (mayNotGoOn(load)) break;
  }
  const ms = performance.now() - dueAt;
  for (const [at, event] of request.events.entries()) {
    const outcome = outcomes[at]!;
    if (outcome === 'ok') load.latencies.record(ms);
    load.outcomes[outcome] += 1;
    history.add({ ...event, outcome });
  }
}

/** One lost answer stays unknown, whatever refusals come after it: the try behind it may have been kept. */
function settle(before: readonly Outcome[], answer: Answer): readonly Outcome[] {
  return answer.outcomes.map((now, at) => (now === 'fail' && before[at] === 'unknown' ? 'unknown' : now));
}

function secondsOf(load: Load): number {
  return (performance.now() - load.startedAt) / 1_000;
}

function toTally(load: Load): LoadTally {
  const due = Math.floor(load.schedule.dueBy(secondsOf(load) * 1_000));
  return {
    // The seed's own instants are a little before or after what the rate makes of them.
    due: Math.max(due, load.sent + load.dropped),
    sent: load.sent,
    dropped: load.dropped,
    outcomes: { ...load.outcomes },
    tries: load.tries,
    answers: { ...load.answers },
    latency: load.latencies.counts(),
    late: load.late.counts(),
  };
}

function toProgress(load: Load): LoadProgress {
  return {
    done: load.sent - load.inFlight + load.dropped,
    of: load.schedule.events,
    inFlight: load.inFlight,
    waiting: load.client.waiting(),
    seconds: secondsOf(load),
    tally: toTally(load),
  };
}

import { get } from 'node:http';
import { newEventId } from '../../events/event-id.ts';
import { sleep } from '../../kit/wait.ts';
import { createLatencies, type LatencySummary } from '../latency.ts';
import { TRY_LIMIT_MS } from './drill-load.ts';

const EVERY_MS = 50;
const REFUSALS: readonly unknown[] = ['overloaded', 'unavailable', 'outcome_unknown'];
const SHOWN = 10;

/** Two requests at a time, that a balancer and a client would send: is it live, and take one event. */
export interface Probe {
  readonly stop: () => Promise<ProbeReport>;
}

export interface ProbeReport {
  readonly requests: number;
  readonly longest_ms: number;
  /** Requests that had no answer within 5 s. */
  readonly timeouts: number;
  /** Those that asked whether it lives, each over a new connection, as balancers do. */
  readonly live: Answers;
  /** Its events, and how long it took until they were accepted, or refused with 503. */
  readonly accepted: Answers;
  readonly refused: Answers;
  /** How late it was itself (p99): so much of its figures may be its own. */
  readonly late_ms: number;
  /** Answers other than liveness 200, and 2xx or 503 with Retry-After for the event: the first of them, in words. */
  readonly violations: readonly string[];
}

interface Answers {
  readonly count: number;
  readonly ms: LatencySummary;
}

interface Asked {
  readonly status: number;
  /** `Retry-After`. */
  readonly again: boolean;
  readonly text: string;
}

/** Looks at a server that is up while something behind it is not. `campaign` must not be one of the history. */
export function startProbe(url: string, campaign: number): Probe {
  const stop = new AbortController();
  const violations: string[] = [];
  let requests = 0;
  let longest = 0;
  let timeouts = 0;
  const [live, accepted, refused] = [createAnswers(), createAnswers(), createAnswers()];
  const late = createLatencies();

  async function ask(
    path: string,
    asking: Promise<Asked>,
    judge: (answer: Asked, ms: number) => string | undefined,
  ) {
    const startedAt = performance.now();
    const wrong = await asking.then(
      (answer) => judge(answer, performance.now() - startedAt),
      (error: Error) => {
        if (error.name === 'TimeoutError') timeouts += 1;
        else return `no answer: ${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
      },
    );
    requests += 1;
    longest = Math.max(longest, performance.now() - startedAt);
    if (wrong !== undefined && violations.length < SHOWN) violations.push(`${path}: ${wrong}`);
  }

  function judgeLive({ status }: Asked, ms: number): string | undefined {
    live.add(ms);
    return status === 200 ? undefined : `answered ${status}`;
  }

  function judgeEvent(answer: Asked, ms: number): string | undefined {
    if (answer.status === 202) accepted.add(ms);
    else if (answer.status === 503) refused.add(ms);
    return findWrong(answer);
  }

  async function watch(): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!stop.signal.aborted) {
      const event = { event_id: newEventId(), campaign_id: campaign, type: 'view' };
      // Not awaited: one that hangs must not keep the next from asking.
      for (const one of [
        ask('/health/live', askAnew(`${url}/health/live`), judgeLive),
        ask('/api/events', post(`${url}/api/events`, event), judgeEvent),
      ]) {
        running.add(one);
        void one.finally(() => running.delete(one));
      }
      const dueAt = performance.now() + EVERY_MS;
      await sleep(EVERY_MS, stop.signal);
      if (!stop.signal.aborted) late.record(Math.max(0, performance.now() - dueAt));
    }
    await Promise.all(running);
  }

  const watching = watch();
  return {
    stop: async () => {
      stop.abort();
      await watching;
      return {
        requests,
        longest_ms: Math.round(longest),
        timeouts,
        live: live.report(),
        accepted: accepted.report(),
        refused: refused.report(),
        late_ms: late.summary().p99,
        violations,
      };
    },
  };
}

function createAnswers() {
  const latencies = createLatencies();
  let count = 0;
  return {
    add: (ms: number): void => {
      count += 1;
      latencies.record(ms);
    },
    report: (): Answers => ({ count, ms: latencies.summary() }),
  };
}

/** Over a connection of its own. */
function askAnew(url: string): Promise<Asked> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal: AbortSignal.timeout(TRY_LIMIT_MS) }, (answer) => {
      answer
        .resume()
        .once('end', () => resolve({ status: answer.statusCode!, again: false, text: '' }))
        .once('error', reject);
    }).once('error', (error) => reject(error.name === 'AbortError' ? error.cause : error));
  });
}

async function post(url: string, body: object): Promise<Asked> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TRY_LIMIT_MS),
  });
  return { status: answer.status, again: answer.headers.has('retry-after'), text: await answer.text() };
}

function findWrong({ status, again, text }: Asked): string | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status !== 503) return `answered ${status}: ${text.slice(0, 300)}`;
  const { code } = JSON.parse(text) as { code?: unknown };
  if (!REFUSALS.includes(code)) return `answered 503 with code ${code}`;
  return again ? undefined : `answered 503 ${code} without Retry-After`;
}

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
  /** Its events, and how long it took until they were accepted, or refused with 503. */
  readonly accepted: Answers;
  readonly refused: Answers;
  /** Answers other than liveness 200, and 2xx or 503 with Retry-After for the event: the first of them, in words. */
  readonly violations: readonly string[];
}

interface Answers {
  readonly count: number;
  readonly ms: LatencySummary;
}

/** Looks at a server that is up while something behind it is not. `campaign` must not be one of the history. */
export function startProbe(url: string, campaign: number): Probe {
  const stop = new AbortController();
  const violations: string[] = [];
  let requests = 0;
  let longest = 0;
  let timeouts = 0;
  const accepted = createAnswers();
  const refused = createAnswers();

  async function ask(
    path: string,
    init: RequestInit,
    judge: (answer: Response) => Promise<string | undefined>,
  ) {
    const startedAt = performance.now();
    const wrong = await fetch(`${url}${path}`, { ...init, signal: AbortSignal.timeout(TRY_LIMIT_MS) }).then(
      (answer) => {
        const ms = performance.now() - startedAt;
        if (answer.status === 202) accepted.add(ms);
        else if (answer.status === 503) refused.add(ms);
        return judge(answer);
      },
      (error: Error) => {
        if (error.name === 'TimeoutError') timeouts += 1;
        else return `no answer: ${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`;
      },
    );
    requests += 1;
    longest = Math.max(longest, performance.now() - startedAt);
    if (wrong !== undefined && violations.length < SHOWN) violations.push(`${path}: ${wrong}`);
  }

  async function watch(): Promise<void> {
    const running = new Set<Promise<void>>();
    while (!stop.signal.aborted) {
      const event = { event_id: newEventId(), campaign_id: campaign, type: 'view' };
      const body = JSON.stringify(event);
      const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body };
      // Not awaited: one that hangs must not keep the next from asking.
      for (const one of [ask('/health/live', {}, judgeLive), ask('/api/events', post, judgeEvent)]) {
        running.add(one);
        void one.finally(() => running.delete(one));
      }
      await sleep(EVERY_MS, stop.signal);
    }
    await Promise.all(running);
  }

  const watching = watch();
  return {
    stop: async () => {
      stop.abort();
      await watching;
      const answers = { accepted: accepted.report(), refused: refused.report() };
      return { requests, longest_ms: Math.round(longest), timeouts, ...answers, violations };
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

async function judgeLive(answer: Response): Promise<string | undefined> {
  await answer.arrayBuffer();
  return answer.status === 200 ? undefined : `answered ${answer.status}`;
}

async function judgeEvent(answer: Response): Promise<string | undefined> {
  const text = await answer.text();
  if (answer.ok) return undefined;
  if (answer.status !== 503) return `answered ${answer.status}: ${text.slice(0, 300)}`;
  const { code } = JSON.parse(text) as { code?: unknown };
  if (!REFUSALS.includes(code)) return `answered 503 with code ${code}`;
  return answer.headers.has('retry-after') ? undefined : `answered 503 ${code} without Retry-After`;
}

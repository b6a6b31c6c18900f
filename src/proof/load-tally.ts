import type { Outcome } from './history.ts';
import { type LatencyCounts, type LatencySummary, mergeLatencies, summarize } from './latency.ts';

// A generator that starts events this much later than their instants is not keeping its own rate.
const LATE_LIMIT_MS = 20;

/** What one generator knows so far; the sum of several is what one of them alone would know. */
export interface LoadTally {
  /** Events whose instant has come. */
  readonly due: number;
  /** Events sent at least once. */
  readonly sent: number;
  /** Events that were due and not sent, because too many were under way already. */
  readonly dropped: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  readonly tries: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly latency: LatencyCounts;
  readonly late: LatencyCounts;
}

/** What one generator or all of them have to tell at the end. */
export interface LoadCounts {
  readonly tally: LoadTally;
  /** From the first instant to the last end. */
  readonly seconds: number;
  /** In which events were due; less than planned where the run was interrupted. */
  readonly lastedSeconds: number;
}

export interface LoadReport {
  readonly events: number;
  readonly ok: number;
  readonly fail: number;
  readonly unknown: number;
  /** Due, but not sent and in no history: too many were under way already. */
  readonly dropped: number;
  readonly tries: number;
  /** How often each answer came: a status, a problem code, `timeout`, `ECONNRESET` … */
  readonly answers: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Acknowledged events a second. */
  readonly rate: number;
  /** Events a second that were due, over the time in which they were. */
  readonly asked_rate: number;
  /** From the instant the event was due to its acknowledgement, repeats included. */
  readonly latency_ms: LatencySummary;
  /** How much later than its instant the generator itself began with an event. */
  readonly late_ms: LatencySummary;
  /** False where the generator, not the server, was too slow for its rate: the numbers speak of both then. */
  readonly kept_pace: boolean;
}

export function toReport({ tally, seconds, lastedSeconds }: LoadCounts): LoadReport {
  const late = summarize(tally.late);
  return {
    events: tally.sent,
    ...tally.outcomes,
    dropped: tally.dropped,
    tries: tally.tries,
    answers: tally.answers,
    seconds: Math.round(seconds * 100) / 100,
    rate: Math.round(tally.outcomes.ok / seconds),
    asked_rate: lastedSeconds > 0 ? Math.round(tally.due / lastedSeconds) : 0,
    latency_ms: summarize(tally.latency),
    late_ms: late,
    kept_pace: late.p99 <= LATE_LIMIT_MS && tally.dropped === 0,
  };
}

export function mergeCounts(all: readonly LoadCounts[]): LoadCounts {
  return {
    tally: mergeTallies(all.map((one) => one.tally)),
    seconds: Math.max(...all.map((one) => one.seconds)),
    lastedSeconds: Math.max(...all.map((one) => one.lastedSeconds)),
  };
}

export function mergeTallies(all: readonly LoadTally[]): LoadTally {
  const sum = (pick: (tally: LoadTally) => number) => all.reduce((total, tally) => total + pick(tally), 0);
  return {
    due: sum((tally) => tally.due),
    sent: sum((tally) => tally.sent),
    dropped: sum((tally) => tally.dropped),
    outcomes: {
      ok: sum((tally) => tally.outcomes.ok),
      fail: sum((tally) => tally.outcomes.fail),
      unknown: sum((tally) => tally.outcomes.unknown),
    },
    tries: sum((tally) => tally.tries),
    answers: sumAnswers(all.map((tally) => tally.answers)),
    latency: mergeLatencies(all.map((tally) => tally.latency)),
    late: mergeLatencies(all.map((tally) => tally.late)),
  };
}

function sumAnswers(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const answers of all)
    for (const [what, count] of Object.entries(answers)) sum[what] = (sum[what] ?? 0) + count;
  return sum;
}

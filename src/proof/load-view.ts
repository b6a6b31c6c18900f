import { type LatencySummary, latenciesSince, summarize } from './latency.ts';
import type { LoadProgress } from './load.ts';

// What "now" means on the screen, in looks of a second each.
const RECENT_LOOKS = 5;
// As many as stand beside the two rates in 80 columns.
const CURVE_LOOKS = 30;
const PLAIN_EVERY_LOOKS = 2;
const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const NAMES = ['p50', 'p90', 'p99', 'p999', 'max'] as const;

export interface LoadView {
  readonly show: (progress: LoadProgress) => void;
}

interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

/** One screen drawn over each second on a terminal; elsewhere a line every two seconds. */
export function createLoadView(screen: Screen, title: string): LoadView {
  const looks: LoadProgress[] = [];
  const curve: number[] = [];
  let drawn = 0;
  let count = 0;
  return {
    show: (progress) => {
      const last = looks.at(-1);
      const look = last ?? nothingYet(progress);
      curve.push(perSecond(look, progress, (one) => one.tally.outcomes.ok));
      if (curve.length > CURVE_LOOKS) curve.shift();
      const before = looks[0] ?? look;
      looks.push(progress);
      if (looks.length > RECENT_LOOKS) looks.shift();
      count += 1;
      if (!screen.isTTY) {
        if (count % PLAIN_EVERY_LOOKS === 0) screen.write(`load: ${describeLook(before, progress)}\n`);
        return;
      }
      const width = (screen.columns || 80) - 1;
      const lines = drawLook(title, before, look, progress, curve).map((line) => line.slice(0, width));
      // Up over the last picture, each line cleared to its end, and what is left below it too.
      const up = drawn > 0 ? `\x1b[${drawn}A` : '';
      screen.write(`${up}${lines.map((line) => `${line}\x1b[K\n`).join('')}\x1b[J`);
      drawn = lines.length;
    },
  };
}

function describeLook(before: LoadProgress, now: LoadProgress): string {
  const latency = recent(before, now);
  return [
    `${Math.round(now.seconds)} s`,
    `asked ${perSecond(before, now, (one) => one.tally.due)}/s`,
    `acknowledged ${perSecond(before, now, (one) => one.tally.outcomes.ok)}/s`,
    `in flight ${now.inFlight}`,
    `p50 ${latency.p50} p99 ${latency.p99} max ${latency.max} ms`,
    ...(now.tally.dropped > 0 ? [`dropped ${now.tally.dropped}`] : []),
    `generator late p99 ${recentLate(before, now).p99} ms`,
  ].join(', ');
}

function drawLook(
  title: string,
  before: LoadProgress,
  last: LoadProgress,
  now: LoadProgress,
  curve: readonly number[],
): string[] {
  const { ok, fail, unknown } = now.tally.outcomes;
  const share = now.of === 0 ? 100 : Math.floor((100 * now.done) / now.of);
  return [
    `${title}  ${Math.round(now.seconds)} s, ${share} % of ${now.of} events`,
    `asked ${cell(perSecond(last, now, (one) => one.tally.due))}/s   acknowledged ${cell(curve.at(-1) ?? 0)}/s   ${drawCurve(curve)}`,
    `ok ${ok}   fail ${fail}   unknown ${unknown}   dropped ${now.tally.dropped}   tries ${now.tally.tries}`,
    `in flight ${now.inFlight}   without a socket ${now.waiting}   generator late p99 ${recentLate(before, now).p99} ms`,
    '',
    `latency ms    ${['p50', 'p90', 'p99', 'p99.9', 'max'].map((name) => cell(name)).join('')}`,
    `last ${RECENT_LOOKS} s      ${row(recent(before, now))}`,
    `since start   ${row(summarize(now.tally.latency))}`,
    '',
    `${'answers'.padEnd(34)}${cell('a second')}${cell('all')}`,
    ...Object.entries(now.tally.answers)
      .sort(([, one], [, other]) => other - one)
      .map(([what, count]) => {
        const rate = perSecond(last, now, (one) => one.tally.answers[what] ?? 0);
        return `  ${what.padEnd(32)}${cell(rate)}${cell(count)}`;
      }),
  ];
}

function recent(before: LoadProgress, now: LoadProgress): LatencySummary {
  return summarize(latenciesSince(before.tally.latency, now.tally.latency));
}

function recentLate(before: LoadProgress, now: LoadProgress): LatencySummary {
  return summarize(latenciesSince(before.tally.late, now.tally.late));
}

function row(summary: LatencySummary): string {
  return NAMES.map((name) => cell(summary[name])).join('');
}

function cell(value: number | string): string {
  return String(value).padStart(10);
}

function perSecond(
  before: LoadProgress,
  now: LoadProgress,
  pick: (progress: LoadProgress) => number,
): number {
  const seconds = now.seconds - before.seconds;
  return seconds > 0 ? Math.round((pick(now) - pick(before)) / seconds) : 0;
}

function drawCurve(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => BARS[Math.min(7, Math.floor((8 * value) / most))]).join('');
}

/** What a run looked like at its first instant. */
function nothingYet(progress: LoadProgress): LoadProgress {
  const nothing = { buckets: [], max: 0 };
  return {
    ...progress,
    seconds: 0,
    tally: {
      due: 0,
      sent: 0,
      dropped: 0,
      outcomes: { ok: 0, fail: 0, unknown: 0 },
      tries: 0,
      answers: {},
      latency: nothing,
      late: nothing,
    },
  };
}

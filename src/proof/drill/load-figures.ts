import type { LoadReport } from '../load.ts';

/** What is worth keeping of a load's report. */
export function toFigures(report: LoadReport): Record<string, unknown> {
  const { events, ok, fail, unknown, dropped, tries, seconds, answers, latency_ms } = report;
  return { events, ok, fail, unknown, dropped, tries, seconds, answers, latency_ms };
}

const LATE_MS = 20;

/** A machine that does not carry server and clients at this rate proves no less, but its times are its own. */
export function describeSlowness({ events, ok, dropped, late_ms }: LoadReport, rate: number): string[] {
  const slow = `the machine was too slow for ${rate} events a second beside their server: clients were ${late_ms.p99} ms late (p99)`;
  const shed = `${dropped} events were due and not sent: as many as of some seconds were under way already, to a server that was away`;
  const given = `${events - ok} of ${events} events had no good end within their clients' patience`;
  return [
    ...(late_ms.p99 > LATE_MS ? [slow] : []),
    ...(dropped > 0 ? [shed] : []),
    ...(ok < 0.99 * events ? [given] : []),
  ];
}

import type { LoadReport } from '../load.ts';

/** What is worth keeping of a load's report. */
export function toFigures(report: LoadReport): Record<string, unknown> {
  const { events, ok, fail, unknown, dropped, tries, seconds, answers, latency_ms } = report;
  return { events, ok, fail, unknown, dropped, tries, seconds, answers, latency_ms };
}

/** A machine that does not carry server and clients at this rate proves no less, but its times are its own. */
export function describeSlowness(
  { events, ok, dropped, kept_pace, late_ms }: LoadReport,
  rate: number,
): string[] {
  const given = events - ok;
  return [
    ...(kept_pace
      ? []
      : [
          `the machine was too slow for ${rate} events a second beside their server: the clients were up to ${late_ms.p99} ms late (p99), and ${dropped} events were due and not sent`,
        ]),
    ...(given > 0.01 * events
      ? [`${given} of ${events} events had no good end within their clients' patience`]
      : []),
  ];
}

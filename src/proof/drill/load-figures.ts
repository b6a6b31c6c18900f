import type { LoadReport } from '../load.ts';

/** What is worth keeping of a load's report. */
export function toFigures(report: LoadReport): Record<string, unknown> {
  const { events, ok, fail, unknown, tries, answers, seconds, latency_ms } = report;
  return { events, ok, fail, unknown, tries, seconds, answers, latency_ms };
}

/** Open-loop load that gave events up met a server, or a machine, that does not carry it. */
export function describeSlowness({ events, ok, seconds }: LoadReport, rate: number): string[] {
  const sent = events / seconds;
  if (sent < 0.95 * rate)
    return [`the machine was too slow: its clients sent ${Math.round(sent)} events a second, not ${rate}`];
  return ok < 0.99 * events
    ? [`the machine was too slow for ${rate} events a second: ${events - ok} were given up`]
    : [];
}

import type { LoadReport } from '../load.ts';
import type { ProbeReport } from './probe.ts';

const STARVED_MS = 500;
/** What a client may hear; `aborted` is the end of the load, and a timeout is told apart. */
const ALLOWED = /^(202|503 (overloaded|unavailable|outcome_unknown)|timeout|aborted)$/;

const GOODPUT_SHARE = 0.7;
const ACCEPTED_MS = 1_000;
const REFUSED_MS = 50;
const NORMAL_AGAIN_MS = 10_000;

/** One overload, as it was seen. */
export interface OverloadPart {
  readonly name: string;
  /** Events a second. */
  readonly capacity: number;
  readonly goodput: number;
  readonly report: LoadReport;
  readonly probe: ProbeReport;
  readonly urgentProbe: boolean;
  readonly memoryMb: Readonly<Record<'before' | 'peak' | 'after', number | undefined>>;
  /** Undefined where it was not after 30 s. */
  readonly normalAfterMs: number | undefined;
}

/** What must hold on any machine. */
export function findViolations({ name, report, probe, normalAfterMs }: OverloadPart): string[] {
  const wrong = Object.entries(report.answers).filter(([what]) => !ALLOWED.test(what));
  // Clients that run that late themselves cannot tell how long a server took.
  const starved = report.late_ms.p99 > STARVED_MS;
  return [
    ...probe.violations,
    ...wrong.map(([what, count]) => `${count} requests ended with ${what}`),
    ...(probe.timeouts > 0 && !starved ? [`${probe.timeouts} requests of the probe had no answer`] : []),
    ...(normalAfterMs === undefined ? [`after too much for the ${name}, it was not normal again`] : []),
  ];
}

export function toFigures(part: OverloadPart): object {
  const { capacity, goodput, report, probe, urgentProbe, memoryMb, normalAfterMs } = part;
  return {
    capacity,
    asked: report.asked_rate,
    goodput,
    goodput_share: Math.round((100 * goodput) / Math.max(1, capacity)) / 100,
    accepted_ms: report.latency_ms,
    probe: {
      live: probe.live,
      accepted: probe.accepted,
      refused: probe.refused,
      requests: probe.requests,
      longest_ms: probe.longest_ms,
      timeouts: probe.timeouts,
      late_ms: probe.late_ms,
      before_the_load: urgentProbe,
    },
    normal_after_ms: normalAfterMs,
    memory_mb: memoryMb,
    answers: report.answers,
    clients_late_ms: report.late_ms.p99,
    clients_kept_pace: report.kept_pace,
  };
}

/** Figures beyond their limits: on a machine that clients and server share, they speak of both. */
export function describeMisses({
  name,
  capacity,
  goodput,
  report,
  probe,
  normalAfterMs,
}: OverloadPart): string[] {
  const { timeout = 0 } = report.answers;
  const misses = [
    [goodput < GOODPUT_SHARE * capacity, `goodput was ${goodput} of ${capacity} events a second`],
    [report.latency_ms.p99 > ACCEPTED_MS, `accepted events took ${report.latency_ms.p99} ms (p99)`],
    [timeout > 0, `${timeout} requests of the load had no answer in time`],
    [probe.refused.ms.p99 > REFUSED_MS, `refusals took ${probe.refused.ms.p99} ms (p99)`],
    [(normalAfterMs ?? 0) > NORMAL_AGAIN_MS, `it was normal again after ${normalAfterMs} ms`],
    [probe.refused.count === 0, 'nothing of the probe was refused'],
    [!report.kept_pace, 'the clients did not keep their own pace, so these figures speak of them, too'],
  ] as const;
  return misses.flatMap(([missed, what]) =>
    missed ? [`too much for the ${name}: ${what}; clients were ${report.late_ms.p99} ms late (p99)`] : [],
  );
}

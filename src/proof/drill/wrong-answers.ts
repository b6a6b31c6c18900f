import type { LoadReport } from '../load.ts';
import { TRY_LIMIT_MS } from './drill-load.ts';
import type { ProbeReport } from './probe.ts';

const STARVED_MS = 500;
/** What a client may hear while the database is away; `aborted` is the end of the load. */
const ALLOWED = /^(2\d\d|503 (overloaded|unavailable|outcome_unknown)|aborted)$/;

/** What clients of a server that stays were told that they must never be, and how many waited too long for it. */
export function findWrongAnswers({ answers, late_ms }: LoadReport, probe: ProbeReport): string[] {
  const { timeout = 0, ...others } = answers;
  const wrong = Object.entries(others).filter(([what]) => !ALLOWED.test(what));
  const slow = timeout + probe.timeouts;
  // Clients that run that late themselves cannot tell how long a server took.
  const starved = late_ms.p99 > STARVED_MS;
  return [
    ...probe.violations,
    ...wrong.map(([what, count]) => `${count} requests ended with ${what}`),
    ...(slow > 0 && !starved ? [`${slow} requests took longer than ${TRY_LIMIT_MS} ms`] : []),
  ];
}

import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Every point at which a test may end a process, in the order in which an event meets them; then those of commands. */
export const FAILPOINTS = [
  // A first start.
  'embedded.before-rename',
  'embedded.after-initdb',
  'migrate.between-files',
  // Keeping: the log's rows are the raw store.
  'lane.after-lock',
  'partition.before-commit',
  'partition.after-commit',
  'log.before-commit',
  'log.in-flight',
  'log.after-commit',
  'log.between-halves',
  'queue.between-groups',
  // Keeping in Kafka: around the send of a group.
  'send.before',
  'send.after-answer',
  'ingest.before-answer',
  // Counting: counters and position are one transaction.
  'count.before-positions',
  'count.before-commit',
  'count.after-commit',
  'park.before-commit',
  'park.after-commit',
  // Counting out of Kafka: raw rows, counters and position are one transaction.
  'rows.before-write',
  'rows.after-write',
  'rows.before-commit',
  'rows.after-commit',
  // Recording, where another raw store stands beside the log.
  'record.before-write',
  'record.after-write',
  'record.after-position',
  // Jobs: leased, done, struck off.
  'job.after-claim',
  'job.before-complete',
  'job.after-complete',
  // The search index, built anew.
  'index.after-fill',
  'index.before-publish',
  'index.after-publish',
  // Commands.
  'import.after-append',
  'import.after-ledger',
  'verify.before-commit',
  'verify.after-commit',
  'replay.before-commit',
  'replay.after-commit',
  // What time makes due.
  'retention.before-commit',
  'retention.after-commit',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

export interface ArmedFailpoint {
  readonly name: Failpoint;
  /** At which hit, from 1. */
  readonly nth: number;
}

/**
 * Stands at each step as `failpoint?.('log.before-commit')`. Undefined but in tests, so a step pays one look at a
 * variable: 0.5 ns, below what two runs of one loop differ by (MEASURE=failpoint, test/faults/failpoint.test.ts).
 */
export let failpoint: ((name: Failpoint) => void) | undefined;

/** From now on the nth hit of this point is noted in `file`, and ends the process as kill -9 does: nothing is cleaned up. */
export function armFailpoint({ name, nth }: ArmedFailpoint, file: string): void {
  mkdirSync(dirname(file), { recursive: true });
  let hits = 0;
  failpoint = (reached) => {
    if (reached !== name) return;
    hits += 1;
    if (hits !== nth) return;
    // Synchronous: the process has no later moment.
    appendFileSync(file, `${JSON.stringify({ name, nth, pid: process.pid })}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
}

/** `name` or `name:nth`. Throws an Error whose message says what the value must be. */
export function parseFailpoint(text: string): ArmedFailpoint {
  const [, name, nth = '1'] = /^([^:]+)(?::(\d+))?$/.exec(text) ?? [];
  const known = FAILPOINTS.find((one) => one === name);
  if (known === undefined || Number(nth) < 1)
    throw new Error(`must be name or name:nth, with one of ${FAILPOINTS.join(', ')}`);
  return { name: known, nth: Number(nth) };
}

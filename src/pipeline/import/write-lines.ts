import type { Db } from '../../db/pool.ts';
import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';
import { type BadLine, type Position, parkLines, savePosition } from './imports.queries.ts';
import type { LineEvent, LineEvents, LineOutcome } from './line-events.ts';
import { type LogFile, readLines } from './line-reader.ts';
import type { Progress } from './progress.ts';
import { Interrupted, untilDone } from './retry.ts';

/** Counts of a whole log, also where a run only finished it. */
export interface Totals {
  readonly lines: number;
  /** Lines that are events. */
  readonly events: number;
  /** Events that this run added to the log. */
  readonly added: number;
  /** Events that were there: from an earlier run, or from another log that overlaps this one. */
  readonly known: number;
  /** Of those, the ones that stand under another campaign or type, given by other rules. */
  readonly reused: number;
  /** Lines nobody could read. */
  readonly parked: number;
  /** Events that the log could not store; parked as well. */
  readonly refused: number;
  /** Requests that no rule counts, and empty lines. */
  readonly passedOver: number;
}

type MutableTotals = { -readonly [K in keyof Totals]: Totals[K] };

interface WriteDeps {
  readonly db: Db;
  readonly log: EventLog;
  readonly clock: Clock;
}

interface Target {
  readonly id: number;
  /** Lines that an earlier run has written. They are read again, as ids and verdicts depend on them, and not written. */
  readonly resumeAfter: number;
  readonly file: LogFile;
  readonly lineEvents: LineEvents;
  readonly signal: AbortSignal;
}

interface Batch {
  readonly events: { readonly made: LineEvent; readonly number: number }[];
  readonly bad: BadLine[];
}

const BATCH = 1_000;
const SAVE_MS = 1_000;

/** Writes the log from its first line to its last. `totals` is filled as it goes; throws `Interrupted` on the signal. */
export async function writeLines(
  deps: WriteDeps,
  target: Target,
  totals: MutableTotals,
  progress: Progress,
): Promise<void> {
  const { signal } = target;
  let batch: Batch = { events: [], bad: [] };
  let writing: Promise<void> = Promise.resolve();
  let savedAt = deps.clock.monotonicMs();
  let position: Position = { lines: 0, events: 0, parked: 0, bytesRead: 0, rate: 0 };

  async function write(full: Batch, bytesRead: number, reached: MutableTotals): Promise<void> {
    await writeBatch(deps, target, full, totals);
    const { lines, events, parked } = reached;
    const known = events - totals.added - totals.refused;
    Object.assign(totals, { lines, events, parked, known, passedOver: reached.passedOver });
    const phase = lines <= target.resumeAfter ? 'replay' : 'write';
    const rate = progress.written(phase, { lines, bytesRead, events, parked });
    position = { lines, events, parked, bytesRead, rate };
    const now = deps.clock.monotonicMs();
    if (now - savedAt < SAVE_MS) return;
    savedAt = now;
    await save();
  }

  const save = () => untilDone(() => savePosition(deps.db, target.id, position), signal);

  const reached: MutableTotals = { ...totals };
  /** One batch is written while the next is read: two batches are all the memory there is. */
  async function flush(bytesRead: number): Promise<void> {
    await writing;
    if (signal.aborted) {
      await savePosition(deps.db, target.id, position);
      throw new Interrupted();
    }
    const full = batch;
    batch = { events: [], bad: [] };
    writing = write(full, bytesRead, { ...reached });
    // Whoever waits next hears of it; until then it is no unhandled rejection.
    writing.catch(() => undefined);
  }

  for await (const chunk of readLines(target.file)) {
    for (const raw of chunk.lines) {
      const outcome = target.lineEvents.next(raw, ++reached.lines, deps.clock.now());
      countLine(outcome, reached);
      if (reached.lines > target.resumeAfter) addToBatch(batch, outcome, reached.lines);
      if (batch.events.length + batch.bad.length >= BATCH) await flush(chunk.bytesRead);
    }
    // Logs without events move on as well, and a long replay shows that it lives.
    if (batch.events.length + batch.bad.length === 0) await flush(chunk.bytesRead);
  }
  await flush(target.file.size);
  await writing;
  await save();
}

function countLine(outcome: LineOutcome, reached: MutableTotals): void {
  if (!outcome) reached.passedOver += 1;
  else if ('bad' in outcome) reached.parked += 1;
  else reached.events += 1;
}

function addToBatch(batch: Batch, outcome: LineOutcome, number: number): void {
  if (!outcome) return;
  if ('bad' in outcome) batch.bad.push(outcome.bad);
  else batch.events.push({ made: outcome.event, number });
}

/** Bad lines first: the position may pass a line only when it is in one of the two places. */
async function writeBatch(
  deps: WriteDeps,
  target: Target,
  batch: Batch,
  totals: MutableTotals,
): Promise<void> {
  const { signal } = target;
  if (batch.bad.length > 0) await untilDone(() => parkLines(deps.db, target.id, batch.bad), signal);
  if (batch.events.length === 0) return;
  const receivedAt = deps.clock.now();
  const events: Event[] = [];
  for (const { made } of batch.events) {
    events.push(await untilDone(() => target.lineEvents.finish(made, receivedAt), signal));
  }
  const outcomes = await untilDone(() => deps.log.append(events), signal);
  failpoint?.('import.after-append');
  const refused: BadLine[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    count(outcome, totals);
    if (outcome.status === 'unstorable') refused.push(toRefused(batch.events[index]!, outcome.reason));
  }
  if (refused.length > 0) await untilDone(() => parkLines(deps.db, target.id, refused), signal);
}

function count(outcome: AppendOutcome, totals: MutableTotals): void {
  if (outcome.status === 'kept') totals.added += 1;
  else if (outcome.status === 'reused') totals.reused += 1;
  else if (outcome.status === 'unstorable') totals.refused += 1;
}

function toRefused({ made, number }: Batch['events'][number], why: string): BadLine {
  const { id, subject, type, occurredAt, userAgent, referrer, page } = made.event;
  return {
    number,
    reason: 'unstorable',
    detail: `line ${number}: ${why}`,
    payload: { event_id: id, subject, type, occurred_at: occurredAt, user_agent: userAgent, referrer, page },
  };
}

import type { Db } from '../../db/pool.ts';
import type { Event } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { AppendOutcome, EventLog } from '../../ports/event-log.ts';
import { type BadLine, type Position, parkLines, savePosition } from './imports.queries.ts';
import type { LineBatch } from './line-batch.ts';
import type { JudgedLines, LineEvents } from './line-events.ts';
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
/** What the log did with the events of one batch. */
type Tally = Pick<MutableTotals, 'added' | 'reused' | 'refused'>;

interface WriteDeps {
  readonly db: Db;
  readonly log: EventLog;
  readonly clock: Clock;
}

interface Target {
  readonly id: number;
  /** Lines that an earlier run has written. They are read again, as ids and verdicts depend on them, and not written. */
  readonly resumeAfter: number;
  /** From the first line to the last. */
  readonly batches: AsyncIterable<LineBatch>;
  readonly lineEvents: LineEvents;
  readonly signal: AbortSignal;
}

/** Lanes that are best for an import: its batches are large already, so a second backend costs nothing and halves the wait. */
export const IMPORT_LANES = 2;
/** Batches on their way to the log while the next one is judged, one a lane: neither waits for the other. */
const UNDERWAY = IMPORT_LANES;
const SAVE_MS = 1_000;

/** Writes the log from its first line to its last. `totals` is filled as it goes; throws `Interrupted` on the signal. */
export async function writeLines(
  deps: WriteDeps,
  target: Target,
  totals: MutableTotals,
  progress: Progress,
): Promise<void> {
  const writer = createBatchWriter(deps, target, totals, progress);
  try {
    for await (const batch of target.batches) {
      const judged = await target.lineEvents.next(batch, target.resumeAfter, deps.clock.now());
      await writer.begin(batch, judged);
    }
    await writer.end();
  } catch (error) {
    await writer.stop();
    throw error;
  }
}

/** Has up to `UNDERWAY` batches written while the next one is read; the position moves in the order of the lines. */
function createBatchWriter(deps: WriteDeps, target: Target, totals: MutableTotals, progress: Progress) {
  const { signal } = target;
  const underway: Promise<void>[] = [];
  let savedAt = deps.clock.monotonicMs();
  let position: Position = { lines: 0, events: 0, parked: 0, bytesRead: 0, rate: 0 };

  const save = () => untilDone(() => savePosition(deps.db, target.id, position), signal);

  async function write(batch: LineBatch, judged: JudgedLines, before: Promise<void> | undefined) {
    const { added, reused, refused } = await writeBatch(deps, target, batch.bad, judged);
    // The position passes a line only where all lines before it are kept.
    await before;
    totals.added += added;
    totals.reused += reused;
    totals.refused += refused;
    const { reached, bytesRead } = batch;
    const { lines, events, parked } = reached;
    Object.assign(totals, reached, { known: events - totals.added - totals.refused });
    const phase = lines <= target.resumeAfter ? 'replay' : 'write';
    const rate = progress.written(phase, { lines, bytesRead, events, parked });
    position = { lines, events, parked, bytesRead, rate };
    const now = deps.clock.monotonicMs();
    if (now - savedAt < SAVE_MS) return;
    savedAt = now;
    await save();
  }

  return {
    begin: async (batch: LineBatch, judged: JudgedLines): Promise<void> => {
      if (underway.length === UNDERWAY) await underway.shift();
      if (signal.aborted) throw new Interrupted();
      const writing = write(batch, judged, underway.at(-1));
      // Whoever waits next hears of it; until then it is no unhandled rejection.
      writing.catch(() => undefined);
      underway.push(writing);
    },
    end: async (): Promise<void> => {
      await Promise.all(underway);
      await save();
    },
    /** Where one batch failed or was interrupted, the other may still be written; the ledger gets to know how far all came. */
    stop: async (): Promise<void> => {
      await Promise.allSettled(underway);
      // Without it the next run reads more lines again, and writes none twice.
      await savePosition(deps.db, target.id, position).catch(() => undefined);
    },
  };
}

/** Bad lines first: the position may pass a line only when it is in one of the two places. */
async function writeBatch(
  deps: WriteDeps,
  { id, resumeAfter, signal }: Target,
  allBad: readonly BadLine[],
  { events, numbers }: JudgedLines,
): Promise<Tally> {
  const bad = allBad.filter((line) => line.number > resumeAfter);
  if (bad.length > 0) await untilDone(() => parkLines(deps.db, id, bad), signal);
  const tally: Tally = { added: 0, reused: 0, refused: 0 };
  if (events.length === 0) return tally;
  const outcomes = await untilDone(() => deps.log.append(events), signal);
  failpoint?.('import.after-append');
  const refused: BadLine[] = [];
  outcomes.forEach((outcome, index) => {
    count(outcome, tally);
    if (outcome.status === 'unstorable')
      refused.push(toRefused(events[index]!, numbers[index]!, outcome.reason));
  });
  if (refused.length > 0) await untilDone(() => parkLines(deps.db, id, refused), signal);
  return tally;
}

function count(outcome: AppendOutcome, tally: Tally): void {
  if (outcome.status === 'kept') tally.added += 1;
  else if (outcome.status === 'reused') tally.reused += 1;
  else if (outcome.status === 'unstorable') tally.refused += 1;
}

function toRefused(event: Event, number: number, why: string): BadLine {
  const { id, subject, type, occurredAt, userAgent, referrer, page } = event;
  return {
    number,
    reason: 'unstorable',
    detail: `line ${number}: ${why}`,
    payload: { event_id: id, subject, type, occurred_at: occurredAt, user_agent: userAgent, referrer, page },
  };
}

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
/** What the lines read so far came to. */
type Reached = Pick<MutableTotals, 'lines' | 'events' | 'parked' | 'passedOver'>;
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
  readonly file: LogFile;
  readonly lineEvents: LineEvents;
  readonly signal: AbortSignal;
}

interface Batch {
  readonly events: { readonly made: LineEvent; readonly number: number }[];
  readonly bad: BadLine[];
}

const BATCH = 2_000;
/** Batches on their way to the log while the next one is read: neither waits for the other. */
const UNDERWAY = 2;
const SAVE_MS = 1_000;

/** Writes the log from its first line to its last. `totals` is filled as it goes; throws `Interrupted` on the signal. */
export async function writeLines(
  deps: WriteDeps,
  target: Target,
  totals: MutableTotals,
  progress: Progress,
): Promise<void> {
  const writer = createBatchWriter(deps, target, totals, progress);
  const reached: Reached = { lines: 0, events: 0, parked: 0, passedOver: 0 };
  let batch: Batch = { events: [], bad: [] };

  async function flush(bytesRead: number): Promise<void> {
    const full = batch;
    batch = { events: [], bad: [] };
    await writer.begin(full, bytesRead, { ...reached });
  }

  try {
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
    await writer.end();
  } finally {
    await writer.settled();
  }
}

/** Has up to `UNDERWAY` batches written while the next one is read; the position moves in the order of the lines. */
function createBatchWriter(deps: WriteDeps, target: Target, totals: MutableTotals, progress: Progress) {
  const { signal } = target;
  const underway: Promise<void>[] = [];
  let savedAt = deps.clock.monotonicMs();
  let position: Position = { lines: 0, events: 0, parked: 0, bytesRead: 0, rate: 0 };

  const save = () => untilDone(() => savePosition(deps.db, target.id, position), signal);

  async function write(batch: Batch, bytesRead: number, reached: Reached, before: Promise<void> | undefined) {
    const { added, reused, refused } = await writeBatch(deps, target, batch);
    // The position passes a line only where all lines before it are kept.
    await before;
    totals.added += added;
    totals.reused += reused;
    totals.refused += refused;
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
    begin: async (batch: Batch, bytesRead: number, reached: Reached): Promise<void> => {
      if (underway.length === UNDERWAY && !signal.aborted) await underway.shift();
      if (signal.aborted) {
        await Promise.allSettled(underway);
        await savePosition(deps.db, target.id, position);
        await Promise.all(underway);
        throw new Interrupted();
      }
      const writing = write(batch, bytesRead, reached, underway.at(-1));
      // Whoever waits next hears of it; until then it is no unhandled rejection.
      writing.catch(() => undefined);
      underway.push(writing);
    },
    end: async (): Promise<void> => {
      await Promise.all(underway);
      await save();
    },
    /** Where one batch failed, the other may still be written. */
    settled: () => Promise.allSettled(underway),
  };
}

function countLine(outcome: LineOutcome, reached: Reached): void {
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
async function writeBatch(deps: WriteDeps, target: Target, batch: Batch): Promise<Tally> {
  const { signal } = target;
  if (batch.bad.length > 0) await untilDone(() => parkLines(deps.db, target.id, batch.bad), signal);
  const tally: Tally = { added: 0, reused: 0, refused: 0 };
  if (batch.events.length === 0) return tally;
  const receivedAt = deps.clock.now();
  const events: Event[] = [];
  const again = (made: LineEvent) =>
    untilDone(async () => target.lineEvents.finish(made, receivedAt), signal);
  for (const { made } of batch.events) {
    const finished = target.lineEvents.finish(made, receivedAt);
    events.push(finished instanceof Promise ? await finished.catch(() => again(made)) : finished);
  }
  const outcomes = await untilDone(() => deps.log.append(events), signal);
  failpoint?.('import.after-append');
  const refused: BadLine[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    count(outcome, tally);
    if (outcome.status === 'unstorable') refused.push(toRefused(batch.events[index]!, outcome.reason));
  }
  if (refused.length > 0) await untilDone(() => parkLines(deps.db, target.id, refused), signal);
  return tally;
}

function count(outcome: AppendOutcome, tally: Tally): void {
  if (outcome.status === 'kept') tally.added += 1;
  else if (outcome.status === 'reused') tally.reused += 1;
  else if (outcome.status === 'unstorable') tally.refused += 1;
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

import { SUBJECT_KINDS } from '../../events/event.ts';
import { UNDATED } from '../../events/event-id.ts';
import type { LogReader } from '../../ports/event-log.ts';
import type { LogEnd, RawMismatch, RawRecording } from '../../ports/raw-store.ts';
import { withEveryLane } from './recorded.ts';

const BATCH = 2_000;
const SHOWN = 100;
const MINUTE_MS = 60_000;

export interface RawCheckOptions {
  readonly log: Pick<LogReader, 'identity' | 'listPartitions' | 'read' | 'capabilities'>;
  readonly recording: RawRecording;
  /** How far the recorder has come in each partition: what lies behind is not looked at. */
  readonly ends: readonly LogEnd[];
  /** Ids of events that wait parked, since the store refused them. */
  readonly parked: ReadonlySet<string>;
  /** Days before it are past their time: their rows may be gone from the one and not yet from the other. */
  readonly firstKept: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number, what: string) => void;
}

/** Rows of the raw store that the log does not have, in one minute of one subject. */
export interface AddedRows {
  readonly day: number;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly minute_at: Date;
  readonly logged: number;
  readonly found: number;
}

/** The raw store against the log that it was recorded from. */
export interface RawReport {
  /** Of the log, compared one by one. */
  readonly events: number;
  readonly missing: number;
  readonly altered: number;
  /** Rows too many, by day; `addedRows` tells in which minutes. */
  readonly added: number;
  /** The first of those missing or altered. */
  readonly mismatches: readonly RawMismatch[];
  readonly addedRows: readonly AddedRows[];
  /** False where it was interrupted. */
  readonly finished: boolean;
}

export function isRawClean({ missing, altered, added }: RawReport): boolean {
  return missing + altered + added === 0;
}

/**
 * Compares each event of the log with its row in the raw store, then the number of rows of each day. What differs is
 * reported and never mended: nobody but a person can tell which of the two is right.
 */
export async function checkRaw(options: RawCheckOptions): Promise<RawReport> {
  const { recording, ends, firstKept, signal, onProgress } = options;
  const tally = createTally(options);
  const total = ends.reduce((sum, { position }) => sum + position, 0);
  let done = 0;
  for (const end of ends) {
    for await (const { events, upTo, after } of readTo(options, end)) {
      tally.add(events, await recording.check(end, events));
      done += upTo - after;
      onProgress(done, total, 'raw store');
    }
  }
  const added = new Map<number, number>();
  for (const day of new Set([...tally.present.keys(), ...(await recording.listDays())])) {
    if (signal.aborted) break;
    const present = tally.present.get(day) ?? 0;
    if (present === 0 && day !== UNDATED && day < firstKept) continue;
    const count = await withEveryLane(options.log, ends, (every) => recording.countDay(day, every));
    const extra = count - present;
    if (extra > 0) added.set(day, extra);
  }
  return {
    ...tally.report(),
    added: [...added.values()].reduce((sum, extra) => sum + extra, 0),
    addedRows: added.size > 0 ? await findAdded(options, new Set(added.keys())) : [],
    finished: !signal.aborted,
  };
}

function createTally({ log, parked }: RawCheckOptions) {
  const present = new Map<number, number>();
  const mismatches: RawMismatch[] = [];
  const counts = { events: 0, missing: 0, altered: 0 };
  return {
    /** Rows that the log vouches for, by day. */
    present,
    add: (events: Page['events'], found: readonly RawMismatch[]) => {
      counts.events += events.length;
      for (const { event } of events) present.set(event.day, (present.get(event.day) ?? 0) + 1);
      for (const one of found) {
        // A later copy of an id that was recorded before: only a log that keeps copies can have one.
        const copy = one.problem === 'earlier' && !log.capabilities.deduplicates;
        if (copy || one.problem === 'missing') present.set(one.day, present.get(one.day)! - 1);
        if (copy || (one.problem === 'missing' && parked.has(one.eventId))) continue;
        counts[one.problem === 'missing' ? 'missing' : 'altered'] += 1;
        if (mismatches.length < SHOWN) mismatches.push(one);
      }
    },
    report: () => ({ ...counts, mismatches }),
  };
}

type Page = Pick<Awaited<ReturnType<LogReader['read']>>, 'events' | 'upTo'> & { readonly after: number };

async function* readTo({ log, signal }: RawCheckOptions, end: LogEnd): AsyncGenerator<Page> {
  for (let after = 0; after < end.position && !signal.aborted; ) {
    const { events, upTo, count } = await log.read(end.partition, after, BATCH);
    if (count === 0) return;
    yield { events: events.filter(({ position }) => position <= end.position), upTo, after };
    after = upTo;
  }
}

/** Reads the log once more, for these days alone: memory holds their minutes, not those of years. */
async function findAdded(options: RawCheckOptions, days: ReadonlySet<number>): Promise<AddedRows[]> {
  const logged = new Map<string, number>();
  for (const end of options.ends) {
    for await (const { events } of readTo(options, end)) {
      for (const { event } of events) {
        if (!days.has(event.day)) continue;
        const key = minuteKey(
          event.day,
          SUBJECT_KINDS[event.subject.kind],
          event.subject.id,
          event.occurredAt,
        );
        logged.set(key, (logged.get(key) ?? 0) + 1);
      }
    }
  }
  const found: AddedRows[] = [];
  for (const day of days) {
    for await (const { count, ...at } of options.recording.countMinutes(day, options.ends)) {
      const known = logged.get(minuteKey(day, at.subject_kind, at.subject_id, at.minute_at.getTime())) ?? 0;
      if (count > known && found.length < SHOWN) found.push({ day, ...at, logged: known, found: count });
    }
  }
  return found;
}

function minuteKey(day: number, kind: number, subject: number, at: number): string {
  return `${day} ${kind} ${subject} ${Math.floor(at / MINUTE_MS)}`;
}

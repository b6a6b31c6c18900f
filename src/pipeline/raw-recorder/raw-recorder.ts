import type { Db } from '../../db/pool.ts';
import { systemClock } from '../../kit/clock.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import type { LogBatch, LogReader } from '../../ports/event-log.ts';
import type { LogEnd, LogPlace, RawRecording, RefusedEvent } from '../../ports/raw-store.ts';
import {
  type CountedBatch,
  type CountingDeps,
  countToEnd,
  REAL_TIME,
  startCounting,
} from '../aggregate/index.ts';
import {
  findRawParked,
  forgetOtherStores,
  listRecorded,
  moveRecorder,
  noteRawReplay,
  type RawLetter,
  readerOf,
  readRawPositions,
} from './raw-recorder.queries.ts';

/** Rows and documents of a page are made at one go, and requests of this process wait as long. */
const PAGE = 500;
/** Of one move of the position: two for each connection to the store, so that none of them rests. */
const PAGES = 8;
const TRIES = 5;
const NOT_LOGGED = 'The log does not have it as an event any more.';
const ASK_MS = 5_000;
/** Further than this, a lag is only known to be at least so long. */
const MOST_LAG = 1_000_000;

export interface RawRecorderDeps {
  readonly db: Db;
  readonly log: LogReader;
  readonly recording: RawRecording;
  readonly logger: Logger;
  /** Which store it is, as it said last, without asking it; absent where there can be but one. */
  readonly lastIdentity?: () => string | undefined;
}

export interface RawRecorder {
  /** Runs until closed; engine trouble is waited out. */
  readonly close: () => Promise<void>;
}

/**
 * Copies the event log into a raw store beside it, partition by partition, in order. Written first, then the position:
 * whoever dies between writes the same again, which is success. Any number of them may run at once.
 */
export function startRawRecorder(deps: RawRecorderDeps): RawRecorder {
  return startCounting(toSteps(deps));
}

/** Until everything that was acknowledged before is in the raw store, by whomever. Rejects while its engine is in trouble. */
export function recordRawUntilDry(deps: RawRecorderDeps): Promise<number> {
  return countToEnd(toSteps(deps));
}

/** How far this store is filled, in every partition. From now on its recorder is a reader for whom retention waits. */
export async function readRawEnds({ db, log, recording }: RawRecorderDeps): Promise<LogEnd[]> {
  const reader = readerOf(await recording.identity());
  const positions = await readRawPositions(db, reader, log.identity, await log.listPartitions());
  return positions.map(({ partition, position }) => ({ log: log.identity, partition, position }));
}

export interface RawLag {
  /** Events of the log that the raw store has not got yet. */
  readonly lag_events: number;
  /** Milliseconds since the instant before which it has every event; null where nothing was recorded yet. */
  readonly lag_ms: number | null;
}

type KnownPositions = Pick<RawRecorderDeps, 'db' | 'log' | 'lastIdentity'>;

function readerIn({ lastIdentity }: KnownPositions): string | undefined {
  const identity = lastIdentity?.();
  return identity === undefined ? undefined : readerOf(identity);
}

/** By the log's positions alone: the raw store may be down. */
export async function readRawLag(deps: KnownPositions): Promise<RawLag> {
  const { db, log } = deps;
  const recorded = await listRecorded(db, log.identity, readerIn(deps));
  const known = new Map(recorded.map((one) => [one.partition, one.position]));
  let lag = 0;
  for (const { partition } of await log.listPartitions())
    lag += (await log.span(partition, known.get(partition) ?? 0, MOST_LAG)).count;
  return { lag_events: lag, lag_ms: (await readRawAge(deps)) ?? null };
}

/** Milliseconds since the instant before which the raw store has every event; undefined before each partition was begun. */
export async function readRawAge(deps: KnownPositions): Promise<number | undefined> {
  const { db, log } = deps;
  const now = await log.clock();
  const partitions = await log.listPartitions();
  const recorded = await listRecorded(db, log.identity, readerIn(deps));
  const known = new Set(recorded.map((one) => one.partition));
  if (recorded.length === 0 || partitions.some(({ partition }) => !known.has(partition))) return undefined;
  const through = Math.min(...recorded.map((one) => one.complete_through.getTime()));
  return Math.max(0, now.getTime() - through);
}

export interface RawReplay {
  readonly replayed: number;
  /** Events that the store refuses still, or that the log has no more. */
  readonly still: number;
}

/** Records parked events again, out of the log; whoever replays beside it does no harm. */
export async function replayRaw(
  { db, log, recording }: RawRecorderDeps,
  ids: readonly number[] | undefined,
): Promise<RawReplay> {
  const letters = await findRawParked(db, log.identity, ids);
  let replayed = 0;
  for (const { id, partition, position } of letters) {
    const { events } = await log.read(partition, position - 1, 1);
    const logged = events.filter((one) => one.position === position);
    const place = { log: log.identity, partition };
    const [refused] = logged.length > 0 ? await recording.record(place, logged) : [{ reason: NOT_LOGGED }];
    await noteRawReplay(db, id, refused?.reason);
    if (!refused) replayed += 1;
  }
  return { replayed, still: letters.length - replayed };
}

interface HeldBatch extends LogBatch {
  readonly after: number;
}

/** The steps of counting, with a raw store to be filled instead of counters. */
function toSteps({ db, log, recording, logger }: RawRecorderDeps): CountingDeps {
  const held = new Map<number, HeldBatch>();
  // A log that keeps copies would send two of one id at once, and either could come first.
  const mostPages = log.capabilities.deduplicates ? PAGES : 1;
  let reader: string | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  /** Asks now and then which store it is: one that was emptied, or restored, answers as well as the one before. */
  async function openReader(): Promise<string> {
    if (reader && systemClock.monotonicMs() - askedAt < ASK_MS) return reader;
    const opened = readerOf(await recording.identity());
    if (opened !== reader) await forgetOtherStores(db, opened);
    reader = opened;
    askedAt = systemClock.monotonicMs();
    return opened;
  }

  /**
   * Further pages are read while those before them are on their way: each waits for the majority's journal, which several
   * share. All of them move the position once.
   */
  async function write(batch: CountedBatch, first: HeldBatch) {
    const place = { log: log.identity, partition: batch.partition };
    const filling = await openReader();
    const pages: LogBatch[] = [];
    const writing: Promise<readonly RefusedEvent[]>[] = [];
    for (let page: LogBatch = first; page.count > 0; ) {
      pages.push(page);
      failpoint?.('record.before-write');
      const refused = recordWithTries(recording, place, page.events);
      // Heard once all pages are under way.
      refused.catch(() => undefined);
      writing.push(refused);
      if (page.atEnd || pages.length === mostPages) break;
      page = await log.read(batch.partition, page.upTo, PAGE);
    }
    const refused = (await Promise.all(writing)).flat();
    failpoint?.('record.after-write');
    if (refused.length > 0)
      logger.warn({ ...place, refused: refused.length }, 'events could not be recorded and were parked');
    const unreadable = pages.flatMap((page) => page.unreadable ?? []);
    const letters = [...refused.map(toLetter), ...unreadable.map((one) => ({ ...one, tries: 1 }))];
    const { upTo } = pages.at(-1)!;
    const moved = await moveRecorder(db, { ...batch, upTo, reader: filling, letters });
    return moved ? pages.reduce((sum, page) => sum + page.count, 0) : undefined;
  }

  return {
    log: {
      identity: log.identity,
      clock: log.clock,
      span: async (partition, after, limit) => {
        const batch = await log.read(partition, after, limit);
        held.set(partition, { ...batch, after });
        return batch;
      },
    },
    store: {
      readPositions: async () =>
        readRawPositions(db, await openReader(), log.identity, await log.listPartitions()),
      countBatch: async (batch) => {
        const read = held.get(batch.partition);
        held.delete(batch.partition);
        // Taken by an earlier call that failed: the next round reads it again.
        return read ? write(batch, read) : undefined;
      },
      // Nothing that PostgreSQL is given here can be refused for its data.
      parkEvent: () => Promise.reject(new Error('a position cannot be parked')),
      markComplete: async ({ partition, position }, through) => {
        const stretch = { log: log.identity, partition, after: position, upTo: position };
        if (reader) await moveRecorder(db, { ...stretch, reader, completeThrough: through, letters: [] });
      },
    },
    logger,
    ...REAL_TIME,
    batch: PAGE,
    waiting: 'recording waits for the raw store',
  };
}

/** What is refused is tried again by itself: another's load, or a rule that is just being changed, may have refused it. */
async function recordWithTries(
  recording: RawRecording,
  place: LogPlace,
  events: LogBatch['events'],
): Promise<readonly RefusedEvent[]> {
  let refused: readonly RefusedEvent[] = [];
  let left = events;
  for (let tries = 0; tries < TRIES && left.length > 0; tries += 1) {
    refused = await recording.record(place, left);
    left = refused;
  }
  return refused;
}

function toLetter({ position, event, reason }: RefusedEvent): RawLetter {
  const { id, subject, type, actor, occurredAt } = event;
  const payload = { event_id: id, subject, type, actor, occurred_at: new Date(occurredAt) };
  return { position, reason: 'unstorable', detail: reason, tries: TRIES, payload };
}

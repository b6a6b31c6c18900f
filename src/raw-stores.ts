import type { Config } from './config.ts';
import type { Db } from './db/pool.ts';
import { createLaneReader } from './engines/postgres/lane-reader.ts';
import { createPostgresRaw } from './engines/postgres/postgres-raw.ts';
import { EngineError } from './kit/errors.ts';
import type { Logger } from './kit/logger.ts';
import {
  listRawParked,
  listRecorded,
  type RawLag,
  type RawRecorder,
  type RawReplay,
  readRawAge,
  readRawEnds,
  readRawLag,
  recordRawUntilDry,
  replayRaw,
  startRawRecorder,
} from './pipeline/raw-recorder/index.ts';
import { checkRaw, type RawCheckOptions, type RawReport, type Recorded } from './pipeline/verify/index.ts';
import type { RawRecording, RawStore } from './ports/raw-store.ts';

const DAY_MS = 86_400_000;

interface RawStoresOptions {
  readonly config: Pick<Config, 'mongodbUrl' | 'rawRetentionDays'>;
  readonly db: Db;
  readonly logger: Logger;
  /** Which store it is, as it said last: while a move is under way there may be two. */
  readonly lastIdentity?: () => string | undefined;
}

export interface RawStores {
  readonly raw: RawStore;
  /** undefined where the log's own rows are the store. */
  readonly recorder: Recorder | undefined;
  readonly close: () => Promise<void>;
}

/** What fills a raw store beside the log, and holds it against the log. */
export interface Recorder {
  readonly store: RawRecording;
  /** For whoever holds the numbers against what the store holds. */
  readonly recorded: Recorded;
  readonly start: () => RawRecorder;
  /** Records what waits in the log. Rejects where the store does not answer. */
  readonly untilDry: () => Promise<number>;
  /** Makes itself known as a reader of the log, so that retention waits for it. */
  readonly register: () => Promise<void>;
  readonly readLag: () => Promise<RawLag>;
  /** Tries events again that the store refused: all of them, or those parked under these ids. */
  readonly replay: (ids: readonly number[] | undefined) => Promise<RawReplay>;
  /** Of what is recorded by now. */
  readonly check: (options: Pick<RawCheckOptions, 'signal' | 'onProgress'>) => Promise<RawReport>;
}

/** PostgreSQL's own rows, or MongoDB where MONGODB_URL is set. It need not answer yet: events are kept without it. */
export async function openRawStores({
  config,
  db,
  logger,
  lastIdentity,
}: RawStoresOptions): Promise<RawStores> {
  if (config.mongodbUrl === undefined)
    return { raw: createPostgresRaw(db), recorder: undefined, close: () => Promise.resolve() };
  const { openMongoRaw } = await import('./engines/mongodb/mongo-raw.ts');
  const raw = await openMongoRaw({ url: config.mongodbUrl, log: logger });
  const own = createPostgresRaw(db);
  // Whichever log takes the events: what was counted out of it lies in lanes of PostgreSQL, each event once.
  const deps = {
    db,
    log: createLaneReader(db),
    recording: raw.recording,
    logger,
    ...(lastIdentity && { lastIdentity }),
  };
  return {
    raw: {
      ...withFallback(raw, own, {
        logger,
        now: () => performance.now(),
        isFilled: async () => ((await readRawAge(deps)) ?? Number.POSITIVE_INFINITY) < FILLED_MS,
      }),
      recording: raw.recording,
      // Part of numbers that say what they are complete through: only the log's own rows are as far as the counters.
      listActors: own.listActors,
    },
    recorder: {
      store: raw.recording,
      recorded: {
        recording: raw.recording,
        log: deps.log,
        reach: () => recordRawUntilDry(deps),
        readEnds: () => readRawEnds(deps),
        listParked: () => listRawParked(db),
        logger,
      },
      start: () => startRawRecorder(deps),
      untilDry: () => recordRawUntilDry(deps),
      register: async () => void (await readRawEnds(deps)),
      readLag: () => readRawLag(deps),
      replay: (ids) => replayRaw(deps, ids),
      check: async ({ signal, onProgress }) =>
        checkRaw({
          log: deps.log,
          recording: raw.recording,
          ends: await readRawEnds(deps),
          parked: await listRawParked(db),
          firstKept: Math.floor(Date.now() / DAY_MS) - config.rawRetentionDays - 1,
          signal,
          onProgress,
        }),
    },
    close: raw.close,
  };
}

/** Whether a recorder is still known that filled another store: retention waits for it, though it may never run again. */
export async function hasLeftRecorder(db: Db): Promise<boolean> {
  return (await listRecorded(db, createLaneReader(db).identity)).length > 0;
}

/** How far behind the log a raw store may be and still answer. */
const FILLED_MS = 60_000;
/** For this long nobody waits for a store that did not answer; then one request tries it again. */
const TROUBLE_MS = 3_000;

interface FallbackOptions {
  readonly logger: Pick<Logger, 'warn'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  /** False while the recorder is far behind: in a store that is just being filled most rows are missing. */
  readonly isFilled: () => Promise<boolean>;
}

type Rows = Pick<RawStore, 'listEvents' | 'countMemberClickers'>;

/** The log's own rows are the same events, in the same order: they answer where the store beside the log does not. */
export function withFallback(store: Rows, log: Rows, options: FallbackOptions): Rows {
  const { logger, now, isFilled } = options;
  let troubleUntil = Number.NEGATIVE_INFINITY;
  let askedAt = Number.NEGATIVE_INFINITY;
  let filled: Promise<boolean> = Promise.resolve(false);

  async function choose(): Promise<Rows> {
    if (now() < troubleUntil) return log;
    if (now() - askedAt >= TROUBLE_MS) {
      askedAt = now();
      filled = isFilled();
    }
    return (await filled) ? store : log;
  }
  async function read<T>(ask: (rows: Rows) => Promise<T>): Promise<T> {
    const chosen = await choose();
    try {
      return await ask(chosen);
    } catch (error) {
      if (chosen === log || !(error instanceof EngineError)) throw error;
      if (now() >= troubleUntil) logger.warn({ err: error }, 'raw events are read from the log meanwhile');
      troubleUntil = now() + TROUBLE_MS;
      return ask(log);
    }
  }
  return {
    listEvents: (filter, limit) => read((rows) => rows.listEvents(filter, limit)),
    countMemberClickers: (since) => read((rows) => rows.countMemberClickers(since)),
  };
}

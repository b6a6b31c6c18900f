import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError, EngineError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { type CampaignRow, findCampaigns } from './campaigns.queries.ts';

/** Entries in use are read anew this often, all by one query; an edit anywhere shows here within it plus that query. */
const REFRESH_MS = 400;
/** Past this age an entry no longer counts as right, and the request waits for the database. */
const FRESH_MS = 900;
/** With the database down, reads are served up to this age. */
const STALE_MS = 60_000;
const UNUSED_MS = 10_000;
const MAX_ENTRIES = 50_000;

interface Entry {
  row: CampaignRow | undefined;
  /** Monotonic instant just before the read: the entry is at least as new as that. */
  readAt: number;
  usedAt: number;
}

export interface CampaignCache {
  /** The campaign in any state, or undefined. Rejects with `unavailable` where nobody can tell. */
  readonly get: (id: number) => CampaignRow | undefined | Promise<CampaignRow | undefined>;
  /** Forgets one at once, in this process: an editor sees the own edit. */
  readonly forget: (id: number) => void;
  readonly close: () => Promise<void>;
}

export function createCampaignCache(db: Db, clock: Clock, log: Logger): CampaignCache {
  const entries = new Map<number, Entry>();
  let loading = new Map<number, Promise<CampaignRow | undefined>>();
  let batch: Set<number> | undefined;
  let batchRead: Promise<void> | undefined;
  let refreshing: Promise<void> | undefined;

  const timer = setInterval(() => {
    refreshing ??= refresh().finally(() => (refreshing = undefined));
  }, REFRESH_MS);
  timer.unref();

  async function refresh(): Promise<void> {
    const now = clock.monotonicMs();
    for (const [id, entry] of entries) if (now - entry.usedAt > UNUSED_MS) entries.delete(id);
    if (entries.size === 0) return;
    try {
      await read([...entries.keys()]);
    } catch (error) {
      log.debug({ err: error }, 'campaigns could not be read anew');
    }
  }

  async function read(ids: readonly number[]): Promise<void> {
    const readAt = clock.monotonicMs();
    const rows = new Map((await findCampaigns(db, ids)).map((row) => [row.id, row]));
    for (const id of ids) {
      const known = entries.get(id);
      if (known && known.readAt > readAt) continue;
      entries.set(id, { row: rows.get(id), readAt, usedAt: known?.usedAt ?? readAt });
    }
    // Memory stays bounded when somebody walks through ids that were never there.
    for (const id of entries.keys()) {
      if (entries.size <= MAX_ENTRIES) break;
      entries.delete(id);
    }
  }

  /** A stampede on a cold campaign, or on many, is one read. */
  function load(id: number): Promise<CampaignRow | undefined> {
    const already = loading.get(id);
    if (already) return already;
    batch ??= new Set();
    batch.add(id);
    batchRead ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const ids = [...(batch ?? [])];
      batch = undefined;
      batchRead = undefined;
      return read(ids);
    });
    const one = batchRead.then(
      () => entries.get(id)?.row,
      (error: unknown) => fallBack(id, error),
    );
    loading.set(id, one);
    void one.catch(() => undefined).finally(() => loading.delete(id));
    return one;
  }

  function fallBack(id: number, error: unknown): CampaignRow | undefined {
    const entry = entries.get(id);
    if (error instanceof EngineError && entry && clock.monotonicMs() - entry.readAt <= STALE_MS)
      return entry.row;
    if (!(error instanceof EngineError)) throw error;
    throw new AppError(
      'unavailable',
      'The database does not answer, and this campaign is not known here yet. Nothing was recorded; repeat after Retry-After.',
      { cause: error },
    );
  }

  return {
    get: (id) => {
      const now = clock.monotonicMs();
      const entry = entries.get(id);
      if (entry) {
        entry.usedAt = now;
        if (now - entry.readAt <= FRESH_MS) return entry.row;
      }
      return load(id);
    },
    forget: (id) => {
      entries.delete(id);
      loading = new Map();
    },
    close: async () => {
      clearInterval(timer);
      await refreshing;
    },
  };
}

/** Live: visible, not deleted, inside its dates (start inclusive, end exclusive) at that instant. */
export function isLive(row: CampaignRow | undefined, at: number): row is CampaignRow {
  if (!row) return false;
  return row.is_visible && !row.is_deleted && row.starts_at.getTime() <= at && at < row.ends_at.getTime();
}

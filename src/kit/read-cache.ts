import { LRUCache } from 'lru-cache';
import type { Clock } from './clock.ts';
import { AppError, EngineError } from './errors.ts';
import type { Logger } from './logger.ts';

/** Entries in use are read anew this often, all by one read; a change anywhere shows here within it plus that read. */
const REFRESH_MS = 400;
/** Past this age an entry no longer counts as right, and the request waits for the read. */
const FRESH_MS = 900;
/** With the engine down, reads are served up to this age. */
const STALE_MS = 60_000;
/** What was not asked for during this long is read when it is asked for. */
const UNUSED_MS = 2_000;
/** Longer than any read takes, and than what was read before is served. */
const FORGOTTEN_MS = STALE_MS + 10_000;

interface ReadCacheOptions<K, V, G> {
  /** For messages: "posts". */
  readonly what: string;
  /** What is not in the answer is not there. `peek`: the value that is known, of any age, so that less need be read. */
  readonly read: (keys: readonly K[], peek: (key: K) => V | undefined) => Promise<ReadonlyMap<K, V>>;
  /** Keys that one change makes wrong together. */
  readonly groupOf: (key: K) => G;
  readonly maxEntries: number;
  /** Bytes, roughly, of all values together. */
  readonly maxBytes: number;
  readonly sizeOf: (value: V) => number;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ReadCache<K, V, G = K> {
  /** Undefined where there is none. Rejects with `unavailable` where nobody can tell. */
  readonly get: (key: K) => V | undefined | Promise<V | undefined>;
  /** What was read before now is wrong: whoever changed something in this process sees it at once. */
  readonly forget: (group: G) => void;
  readonly close: () => Promise<void>;
}

interface Entry<V> {
  readonly value: V | undefined;
  /** Monotonic instant just before the read: the entry is at least as new as that. */
  readonly readAt: number;
  /** The same as a number that no two reads share. */
  readonly turn: number;
  usedAt: number;
}

interface Loaded<K, V> {
  readonly values: ReadonlyMap<K, V>;
  readonly turn: number;
}

/** Values of a slower store, at most a second old: one read for all that is asked for in a turn, and for all in use. */
export function createReadCache<K extends string | number, V, G extends string | number>(
  options: ReadCacheOptions<K, V, G>,
): ReadCache<K, V, G> {
  const { clock, groupOf, what } = options;
  const entries = new LRUCache<K, Entry<V>>({
    max: options.maxEntries,
    maxSize: options.maxBytes,
    sizeCalculation: ({ value }) => 100 + (value === undefined ? 0 : options.sizeOf(value)),
  });
  const forgotten = new Map<G, { readonly turn: number; readonly at: number }>();
  let turns = 0;
  const loading = new Map<K, Promise<V | undefined>>();
  let batch: K[] = [];
  let batchRead: Promise<Loaded<K, V>> | undefined;
  let refreshing: Promise<void> | undefined;

  const timer = setInterval(() => {
    refreshing ??= refresh().finally(() => (refreshing = undefined));
  }, REFRESH_MS);
  timer.unref();

  /** Whether what was read at that instant may be served: what was forgotten since is wrong, not only old. */
  function isRight(key: K, turn: number): boolean {
    const since = forgotten.get(groupOf(key));
    return since === undefined || turn > since.turn;
  }

  async function refresh(): Promise<void> {
    const now = clock.monotonicMs();
    for (const [group, { at }] of forgotten) if (now - at > FORGOTTEN_MS) forgotten.delete(group);
    const used: K[] = [];
    for (const [key, entry] of entries.entries()) if (now - entry.usedAt <= UNUSED_MS) used.push(key);
    if (used.length === 0) return;
    await read(used).catch((error: unknown) =>
      options.log.debug({ err: error }, `${what} could not be read anew`),
    );
  }

  async function read(keys: readonly K[]): Promise<Loaded<K, V>> {
    const readAt = clock.monotonicMs();
    const turn = ++turns;
    const values = await options.read(keys, (key) => entries.peek(key)?.value);
    for (const key of keys) {
      const known = entries.peek(key);
      if ((known && known.turn > turn) || !isRight(key, turn)) continue;
      entries.set(key, { value: values.get(key), readAt, turn, usedAt: known?.usedAt ?? readAt });
    }
    return { values, turn };
  }

  /** A stampede on a cold key, or on many, is one read. */
  function load(key: K): Promise<V | undefined> {
    const already = loading.get(key);
    if (already) return already;
    batch.push(key);
    batchRead ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      const keys = batch;
      batch = [];
      batchRead = undefined;
      return read(keys);
    });
    const asked = batchRead;
    const one: Promise<V | undefined> = asked.then(
      // Out of the read, not out of the cache, which may be too small for all that was read at once.
      ({ values, turn }) => {
        if (isRight(key, turn)) return values.get(key);
        // Forgotten while it was read.
        if (loading.get(key) === one) loading.delete(key);
        return load(key);
      },
      (error: unknown) => fallBack(key, error),
    );
    loading.set(key, one);
    const done = () => void (loading.get(key) === one && loading.delete(key));
    one.then(done, done);
    return one;
  }

  function fallBack(key: K, error: unknown): V | undefined {
    const entry = entries.peek(key);
    if (!(error instanceof EngineError)) throw error;
    if (entry && clock.monotonicMs() - entry.readAt <= STALE_MS && isRight(key, entry.turn))
      return entry.value;
    throw new AppError(
      'unavailable',
      `The database does not answer, and these ${what} are not known here. Nothing was done; repeat after Retry-After.`,
      { cause: error },
    );
  }

  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry) {
        const now = clock.monotonicMs();
        entry.usedAt = now;
        if (now - entry.readAt <= FRESH_MS && isRight(key, entry.turn)) return entry.value;
      }
      return load(key);
    },
    forget: (group) => {
      forgotten.set(group, { turn: ++turns, at: clock.monotonicMs() });
    },
    close: async () => {
      clearInterval(timer);
      await refreshing;
    },
  };
}

import { AppError, EngineError } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { sleep, type Timers } from '../kit/wait.ts';
import type { Db, Pool } from './pool.ts';
import { explainUnreached } from './unreached.ts';

/** Runs one answer's reading, all of it on the database that is handed in. It may be run again on another one. */
export type ReadNumbers = <T>(work: (db: Db) => Promise<T>) => Promise<T>;

export interface ReplicaState {
  /** Whether numbers are read from it now. */
  readonly used: boolean;
  readonly version: string;
  /** How much older than the primary's its last step of counting is; undefined where that is not known. */
  readonly lagMs: number | undefined;
  /** Why it is not used, for people. */
  readonly reason: string | undefined;
}

export interface ReadReplica {
  readonly read: ReadNumbers;
  /** Looks at it now. */
  readonly look: () => Promise<ReplicaState>;
  readonly close: () => Promise<void>;
}

interface ReadReplicaOptions {
  readonly primary: Db;
  /** Connects by itself; it need not answer yet. */
  readonly replica: Pool;
  readonly maxLagMs: number;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly timers: Pick<Timers, 'every'>;
  /** False for a command that only wants to `look`. */
  readonly watches: boolean;
}

const LOOK_EVERY_MS = 1_000;
/** Of a whole answer: a request has 2.5 s, and may have to turn to the primary afterwards. */
const ANSWER_MS = 1_200;
/** After an answer that failed: one that is well at a glance and fails at work would else cost a request each second. */
const TROUBLE_MS = 3_000;

/**
 * A streaming standby for numbers. One answer is read in one snapshot of it, positions before counters, so what it says to
 * be complete through is what the standby itself has replayed; lag makes that instant earlier and nothing wrong. Whatever
 * fails there is read from the primary, from its beginning.
 */
export function createReadReplica(options: ReadReplicaOptions): ReadReplica {
  const { primary, replica, maxLagMs, logger, now } = options;
  let used = false;
  let troubleUntil = Number.NEGATIVE_INFINITY;
  let said: string | undefined;
  let looking: Promise<ReplicaState> | undefined;

  function judge(reason: string | undefined): void {
    used = reason === undefined;
    if (reason === said) return;
    if (reason === undefined) logger.info({}, 'numbers are read from the replica again');
    else if (said === undefined)
      logger.warn({ reason }, 'numbers are read from the primary, not from the replica');
    said = reason;
  }
  const look = () => {
    looking ??= lookAt(primary, replica, maxLagMs)
      .then((state) => {
        if (now() >= troubleUntil || !state.used) judge(state.reason);
        return state;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  };
  const stop = options.watches
    ? options.timers.every(LOOK_EVERY_MS, () => void look().catch(() => undefined))
    : () => undefined;
  if (options.watches) void look().catch(() => undefined);

  return {
    look,
    read: async (work) => {
      if (!used) return work(primary);
      try {
        return await withLimit(readOnce(replica, work));
      } catch (error) {
        // Of the request itself: the primary would say the same.
        if (error instanceof AppError) throw error;
        troubleUntil = now() + TROUBLE_MS;
        judge(whyOf(error));
        return work(primary);
      }
    },
    close: async () => {
      stop();
      await looking?.catch(() => undefined);
      await withLimit(replica.close()).catch(() => undefined);
    },
  };
}

/** One connection and one snapshot: behind a name that stands for several standbys, too, no step sees an older one. */
function readOnce<T>(replica: Pool, work: (db: Db) => Promise<T>): Promise<T> {
  return replica.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only');
    return work(oneByOne(tx));
  });
}

/** A connection takes one statement at a time. */
function oneByOne(tx: Db): Db {
  let last: Promise<unknown> = Promise.resolve();
  const one: Db = {
    query: (text, values, name) => {
      const next = last.then(() => tx.query(text, values, name));
      last = next.catch(() => undefined);
      // biome-ignore lint/suspicious/noExplicitAny: the row's type is the caller's word, as in `tx.query`.
      return next as Promise<any>;
    },
    transaction: (work) => work(one),
  };
  return one;
}

interface Look {
  readonly standby: boolean;
  /** Of the cluster and the database: a copy that streams has the same. */
  readonly identity: string;
  readonly version: string;
  readonly counted_at: Date | null;
}

const LOOK = `select pg_is_in_recovery() as standby,
  (select system_identifier from pg_control_system()) || '/' || current_database() as identity,
  current_setting('server_version') as version,
  (select max(updated_at) from log_positions) as counted_at`;

async function lookAt(primary: Db, replica: Db, maxLagMs: number): Promise<ReplicaState> {
  const find = async (db: Db) => (await db.query<Look>(LOOK, [], 'look_at_replica'))[0]!;
  let there: Look;
  try {
    there = await withLimit(find(replica));
  } catch (error) {
    return { used: false, version: 'unknown', lagMs: undefined, reason: whyOf(error) };
  }
  const { version } = there;
  if (!there.standby)
    return { used: false, version, lagMs: undefined, reason: 'DATABASE_REPLICA_URL: this is no standby' };
  // Without the primary nobody knows how late it is; old numbers that say so are better than none.
  const here = await find(primary).catch(() => undefined);
  if (!here) return { used: true, version, lagMs: undefined, reason: undefined };
  if (here.identity !== there.identity) {
    const reason = 'DATABASE_REPLICA_URL: this is the standby of another database';
    return { used: false, version, lagMs: undefined, reason };
  }
  const lagMs = lagOf(here, there);
  const reason = lagMs <= maxLagMs ? undefined : `it is more than ${maxLagMs / 1_000} s behind`;
  return { used: reason === undefined, version, lagMs, reason };
}

/** Both instants are of the primary's clock, as counting left them. */
function lagOf(here: Look, there: Look): number {
  if (!here.counted_at) return 0;
  if (!there.counted_at) return Number.POSITIVE_INFINITY;
  return Math.max(0, here.counted_at.getTime() - there.counted_at.getTime());
}

function whyOf(error: unknown): string {
  const cause = error instanceof EngineError ? error.cause : error;
  return explainUnreached(cause, 'DATABASE_REPLICA_URL').message;
}

/** What it waited for goes on unheard. */
function withLimit<T>(work: Promise<T>): Promise<T> {
  const limit = new AbortController();
  const late = sleep(ANSWER_MS, limit.signal).then(() => {
    if (!limit.signal.aborted) throw new Error(`no answer within ${ANSWER_MS} ms`);
    return work;
  });
  late.catch(() => undefined);
  return Promise.race([work, late]).finally(() => limit.abort());
}

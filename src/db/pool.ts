import pg from 'pg';
import { EngineError } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import { sleep } from '../kit/wait.ts';
import { toEngineError } from './pg-errors.ts';

/** A handle on PostgreSQL: the pool itself, or one transaction. Passed first, so that a transaction's edge is visible. */
export interface Db {
  /** Rows of one statement. With `name`, it is prepared once for each connection. */
  query<R extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<R[]>;
  /** Commits when `work` resolves, rolls back when it rejects. A transaction inside one joins it. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>;
}

export interface Pool extends Db {
  readonly close: () => Promise<void>;
  /** Connections by state, for /metrics. */
  readonly stats: () => { total: number; idle: number; waiting: number };
}

interface PoolOptions {
  readonly url: string;
  readonly max: number;
  /** Milliseconds; 0 turns the limit off (long work by a command). */
  readonly queryTimeoutMs: number;
  /** PgBouncer 1.18 in transaction mode keeps no named statements: false behind it. */
  readonly namedStatements: boolean;
  readonly applicationName: string;
  readonly log: Logger;
  /** While it holds nobody waits for an answer: a connection is asked for again, for up to 20 s. By default never. */
  readonly isPatient?: () => boolean;
}

const BIGINTS = 1016;
const DOUBLES = 1022;

// Numbers: every bigint of ours stays far below 2^53 (ids, positions, counts), and JSON has no bigint.
const types = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
    oid === 20 || oid === 1700
      ? Number
      : pg.types.getTypeParser(
          oid === BIGINTS ? DOUBLES : oid,
          format === 'binary' ? 'binary' : 'text',
        )) as typeof pg.types.getTypeParser,
};

const PATIENCE_MS = 20_000;
const PATIENT_PAUSE_MS = 200;
const LOCK_TIMEOUT_MS = 1_000;
/** The server's limit comes this much before the client's: then the connection lives on, and the answer is sure. */
const SERVER_FIRST_MS = 100;

/**
 * Settings of every connection, with limits of both sides: `statement_timeout` cannot fire on a frozen server, and a
 * client that hangs up does not end its statement, which would hold a connection for as long as it waits for a lock.
 */
export function connectionConfig(
  options: Pick<PoolOptions, 'url' | 'queryTimeoutMs' | 'applicationName' | 'namedStatements'>,
): pg.ClientConfig {
  const { queryTimeoutMs } = options;
  // PgBouncer refuses a connection that asks for these.
  const limits = options.namedStatements && queryTimeoutMs > 0;
  return {
    connectionString: options.url,
    connectionTimeoutMillis: 1_000,
    query_timeout: queryTimeoutMs,
    ...(limits && { statement_timeout: queryTimeoutMs - SERVER_FIRST_MS, lock_timeout: LOCK_TIMEOUT_MS }),
    application_name: options.applicationName,
    keepAlive: true,
    types,
  };
}

export function openPool(options: PoolOptions): Pool {
  const pool = new pg.Pool({ ...connectionConfig(options), max: options.max, idleTimeoutMillis: 30_000 });
  // Without a listener, a server that goes away would end this process.
  pool.on('error', (error) => options.log.warn({ err: error }, 'an idle PostgreSQL connection was lost'));
  pool.on('connect', (client) => client.on('error', () => undefined));

  const { isPatient = () => false } = options;

  async function acquire(): Promise<pg.PoolClient> {
    const giveUpAt = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return await pool.connect();
      } catch (thrown) {
        const error = toEngineError(thrown, 'connect', false);
        const isOver = pool.ending || !isPatient() || performance.now() > giveUpAt;
        if (isOver || !(error instanceof EngineError && error.retryable)) throw error;
        await sleep(PATIENT_PAUSE_MS);
      }
    }
  }

  async function run<R extends object>(
    client: pg.PoolClient,
    text: string,
    values?: readonly unknown[],
    name?: string,
  ) {
    const named = name !== undefined && options.namedStatements ? { name } : {};
    const result = await client.query<R & pg.QueryResultRow>({ text, values: values as unknown[], ...named });
    return result.rows as R[];
  }

  async function query<R extends object>(
    text: string,
    values?: readonly unknown[],
    name?: string,
  ): Promise<R[]> {
    const client = await acquire();
    try {
      const rows = await run<R>(client, text, values, name);
      client.release();
      return rows;
    } catch (error) {
      client.release(!(error instanceof pg.DatabaseError));
      throw toEngineError(error, name ?? 'query', true);
    }
  }

  async function transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    const client = await acquire();
    const tx: Db = {
      query: async <R extends object>(text: string, values?: readonly unknown[], name?: string) => {
        try {
          return await run<R>(client, text, values, name);
        } catch (error) {
          throw toEngineError(error, name ?? 'query', false);
        }
      },
      transaction: (inner) => inner(tx),
    };
    let committing = false;
    try {
      await client.query('begin');
      const result = await work(tx);
      committing = true;
      await client.query('commit');
      client.release();
      return result;
    } catch (error) {
      // The connection is thrown away where a rollback could not be heard of.
      const clean = await client.query('rollback').then(
        () => true,
        () => false,
      );
      client.release(!clean);
      throw toEngineError(error, committing ? 'commit' : 'transaction', committing);
    }
  }

  return {
    query,
    transaction,
    close: () => pool.end(),
    stats: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
  };
}

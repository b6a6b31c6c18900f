import pg from 'pg';
import { AppError } from '../kit/errors.ts';
import { explainUnreached } from './unreached.ts';

interface CheckedServer {
  readonly url: string;
  /** The name of the environment that holds it, for the message. */
  readonly variable: string;
  /** Whether one connection must be one session: locks live in it. Without, a pooler may stand between. */
  readonly keepsSession: boolean;
}

const CONNECT_MS = 3_000;
const ANSWER_MS = 2_000;
const LEAST_VERSION = 150_000;
const ROUNDS = 4;

/**
 * Looks at a PostgreSQL of somebody else's before anything is done there. Throws AppError: `unavailable` where it does not
 * answer, `conflict` where it refuses us, is too old, or is a pooler that gives one session's statements to several servers.
 */
export async function checkServer({ url, variable, keepsSession }: CheckedServer): Promise<void> {
  const client = await connect(url, variable);
  try {
    const { rows } = await ask<{ version: number; name: string; pid: number }>(
      client,
      `select current_setting('server_version_num')::int as version, current_setting('server_version') as name,
         pg_backend_pid() as pid`,
    );
    const { version, name, pid } = rows[0]!;
    if (version < LEAST_VERSION)
      throw new AppError(
        'conflict',
        `${variable} leads to PostgreSQL ${name}; Weir needs 15 or newer. Upgrade it, or use the embedded one: unset ${variable}.`,
      );
    // Whoever answers for a server names a process of its own making; only then is a second look worth its time.
    if (keepsSession && pid !== nameOfServer(client) && (await sharesServers(client, url, variable, pid)))
      throw new AppError(
        'conflict',
        `${variable} leads through a connection pooler (PgBouncer or the like) that gives each transaction another server: the event log's lock would be lost with the first one. ${
          variable === 'DATABASE_URL'
            ? 'Set DATABASE_DIRECT_URL beside it, to the same database without the pooler.'
            : 'It must name the server itself.'
        } Pooling by session would do as well.`,
      );
  } catch (error) {
    throw error instanceof AppError ? error : explainUnreached(error, variable);
  } finally {
    void client.end().catch(() => undefined);
  }
}

/**
 * Whether the first session's server changes while it is open. A second one takes the server that the first has just left,
 * and keeps it in a transaction: a session of its own is not moved by that, a pooled one is, or waits for a free server.
 * Other clients may take their part in it, so it is tried more than once.
 */
async function sharesServers(client: pg.Client, url: string, variable: string, pid: number) {
  const second = await connect(url, variable);
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      // Pooling by statement refuses this.
      const begun = await second.query('begin').then(
        () => true,
        () => false,
      );
      if (!begun) return true;
      await ask(second, 'select 1');
      const answer = await Promise.race([
        ask<{ pid: number }>(client, 'select pg_backend_pid() as pid').catch(() => undefined),
        waited(ANSWER_MS),
      ]);
      await ask(second, 'commit');
      if (answer?.rows[0]?.pid !== pid) return true;
    }
    return false;
  } finally {
    void second.end().catch(() => undefined);
  }
}

async function connect(url: string, variable: string): Promise<pg.Client> {
  let client: pg.Client | undefined;
  try {
    // No limits by the server: a pooler refuses a connection that asks for them, and is to be known as what it is.
    client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_MS,
      application_name: 'weir-check',
    });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  } catch (error) {
    void client?.end().catch(() => undefined);
    throw explainUnreached(error, variable);
  }
}

function ask<R extends object>(
  client: pg.Client,
  text: string,
): Promise<pg.QueryResult<R & pg.QueryResultRow>> {
  return client.query<R & pg.QueryResultRow>({ text, query_timeout: ANSWER_MS } as pg.QueryConfig);
}

/** The process that the server named when it let us in, for cancelling. */
function nameOfServer(client: pg.Client): number | undefined {
  return (client as unknown as { processID?: number }).processID;
}

function waited(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';
import { migrate } from '../../src/db/migrate.ts';
import { openPool, type Pool } from '../../src/db/pool.ts';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { createLogger } from '../../src/kit/logger.ts';
import type { EventLog } from '../../src/ports/event-log.ts';

export const testLog = createLogger(process.env.TEST_LOG_LEVEL ?? 'silent');

const MIGRATIONS = new URL('../../migrations/', import.meta.url);
// Other migrations, other template: a server that outlives a change never hands out the old tables.
const TEMPLATE = `weir_template_${readdirSync(MIGRATIONS)
  .sort()
  .reduce(
    (hash, name) => hash.update(name).update(readFileSync(new URL(name, MIGRATIONS))),
    createHash('sha256'),
  )
  .digest('hex')
  .slice(0, 12)}`;

export interface TestDatabase {
  readonly db: Pool;
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** A database of its own on the server that `scripts/test.mjs` started: a clone of one migrated template. */
export async function openTestDatabase(): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server)
    throw new Error(
      'TEST_DATABASE_URL is not set: run the tests by `npm test`, or set it to a PostgreSQL server.',
    );
  const name = `weir_test_${randomBytes(6).toString('hex')}`;
  await admin(server, async (client) => {
    // One file migrates the template, the others wait for it.
    await client.query('select pg_advisory_lock(7366100)');
    const found = await client.query('select 1 from pg_database where datname = $1', [TEMPLATE]);
    if (found.rowCount === 0) await client.query(`create database ${TEMPLATE}`);
    const template = open(withDatabase(server, TEMPLATE));
    await migrate(template);
    await template.close();
    await client.query(`create database ${name} template ${TEMPLATE}`);
    await client.query('select pg_advisory_unlock(7366100)');
  });
  const url = withDatabase(server, name);
  const db = open(url);
  return {
    db,
    url,
    close: async () => {
      await db.close();
      await admin(server, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** A writer of that database's event log, with lanes of its own. */
export function openTestLog({ db, url }: Pick<TestDatabase, 'db' | 'url'>, lanes = 1): Promise<EventLog> {
  return openPostgresLog({ db, directUrl: url, clock: systemClock, log: testLog, writes: true, lanes });
}

export function open(url: string): Pool {
  return openPool({
    url,
    max: 10,
    queryTimeoutMs: 20_000,
    namedStatements: true,
    applicationName: 'weir-test',
    log: testLog,
  });
}

export function withDatabase(server: string, name: string): string {
  // By text: the embedded server's URL has a socket for a host, which no URL parser takes.
  return server.replace(/^(\w+:\/\/[^/]*\/)[^?]*/, `$1${name}`);
}

async function admin(server: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: withDatabase(server, 'postgres') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

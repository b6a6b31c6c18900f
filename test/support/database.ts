import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../src/db/migrate.ts';
import { openPool, type Pool } from '../../src/db/pool.ts';
import { createLogger } from '../../src/kit/logger.ts';

export const testLog = createLogger(process.env.TEST_LOG_LEVEL ?? 'silent');

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
    const found = await client.query(`select 1 from pg_database where datname = 'weir_template'`);
    if (found.rowCount === 0) await client.query('create database weir_template');
    const template = open(withDatabase(server, 'weir_template'));
    await migrate(template);
    await template.close();
    await client.query(`create database ${name} template weir_template`);
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
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
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

import { readFileSync } from 'node:fs';
import pg from 'pg';
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { migrate } from '../src/db/migrate.ts';
import { openPool, type Pool } from '../src/db/pool.ts';
import { createPartitions } from '../src/engines/postgres/partitions.ts';
import { createLogger } from '../src/kit/logger.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';

export const benchLog = createLogger('error');

/** An embedded PostgreSQL in a folder of its own, which goes away with it. */
export interface ScratchPostgres {
  /** A new database with Weir's tables and partitions for now; dropped by `close`. */
  readonly openDatabase: () => Promise<ScratchDatabase>;
  readonly close: () => Promise<void>;
}

export interface ScratchDatabase {
  readonly url: string;
  readonly db: Pool;
  /** One more connection, and the processor time of its backend. */
  readonly connect: () => Promise<Backend>;
  readonly close: () => Promise<void>;
}

export interface Backend {
  readonly client: pg.Client;
  /** Processor time so far, in microseconds. */
  readonly cpuMicros: () => number;
}

export async function openScratchPostgres(): Promise<ScratchPostgres> {
  const dataDir = makeScratchFolder();
  const server = await openEmbeddedPostgres({ dataDir, log: benchLog, role: 'command' });
  let made = 0;
  return {
    openDatabase: () => {
      made += 1;
      return openDatabase(server.url, `bench_${made}`);
    },
    close: async () => {
      await server.close();
      removeScratchFolder(dataDir);
    },
  };
}

async function openDatabase(serverUrl: string, name: string): Promise<ScratchDatabase> {
  await onServer(serverUrl, `create database ${name}`);
  const url = databaseUrl(serverUrl, name);
  const db = openBenchPool(url, 4);
  await migrate(db);
  await createPartitions(db).ensureAhead(Date.now());
  const clients: pg.Client[] = [];
  return {
    url,
    db,
    connect: async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      clients.push(client);
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      const { pid } = rows[0]!;
      return { client, cpuMicros: () => cpuMicros(pid) };
    },
    close: async () => {
      await Promise.all(clients.map((client) => client.end()));
      await db.close();
      await onServer(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

export function openBenchPool(url: string, max: number): Pool {
  return openPool({
    url,
    max,
    queryTimeoutMs: 0,
    namedStatements: true,
    applicationName: 'weir-bench',
    log: benchLog,
  });
}

/** The same server, another database. */
export function databaseUrl(serverUrl: string, name: string): string {
  return serverUrl.replace(/\/weir(?=\?|$)/, `/${name}`);
}

export async function onServer(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(text).finally(() => client.end());
}

/** Of a process, without its children. Linux tells nanoseconds (proc_pid_schedstat); elsewhere it throws. */
export function cpuMicros(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1_000;
}

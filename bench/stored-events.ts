import { spawnSync } from 'node:child_process';
import pg from 'pg';
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { migrate } from '../src/db/migrate.ts';
import { createPartitions, partitionName } from '../src/engines/postgres/partitions.ts';
import { createMembers } from '../src/features/members/index.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';
import { benchLog, databaseUrl, onServer, openBenchPool } from './scratch-postgres.ts';
import {
  addCampaigns,
  addCounterKeys,
  COUNTER_TABLES,
  dropCounterKeys,
  fillDay,
  findSizes,
  finishLog,
  type StoredDay,
} from './stored-events.queries.ts';

const DAY_MS = 86_400_000;
export const DAYS = 30;
export const CAMPAIGNS = 1_000;
export const OWNER = { username: 'owner@example.com', password: 'seven-slow-otters' };
const SMALL = 'weir_small';
/** Days are filled by so many connections at once. */
const FILLERS = 2;

/** For the filling alone: what is half filled when the machine dies is thrown away. */
const FILLING = {
  fsync: 'off',
  full_page_writes: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  autovacuum: 'off',
  max_wal_size: '16GB',
  checkpoint_timeout: '1h',
  shared_buffers: '512MB',
  work_mem: '128MB',
  maintenance_work_mem: '512MB',
} as const;

/** A data directory whose database `weir` holds `rows` events of the last 30 whole days, and another one a tenth of that. */
export interface Stored {
  readonly dataDir: string;
  readonly rows: number;
  /** The instants between which the events lie: midnights, UTC. */
  readonly from: Date;
  readonly to: Date;
  readonly seconds: number;
  /** For each event of the large database: in the log, and in counters and sets. */
  readonly bytesPerEvent: { readonly log: number; readonly counted: number };
  /** The database on a server that runs in `dataDir`, by the address of its `weir`. */
  readonly urlOf: (size: 'large' | 'small', serverUrl: string) => string;
  readonly close: () => Promise<void>;
}

type Progress = (done: number, of: number, text: string) => void;
type Tell = (events: number, what: string) => void;

/** Fills both databases by SQL, from the same definition; counters, sets and seals fit the raw rows, `weir verify` says so. */
export async function fillStored(rows: number, progress: Progress): Promise<Stored> {
  const startedAt = performance.now();
  const dataDir = makeScratchFolder();
  const today = Math.floor(Date.now() / DAY_MS);
  try {
    const sizes = await fillBoth(dataDir, rows, today, progress);
    // Without fsync nothing of it was written yet, perhaps: not while something is measured.
    spawnSync('sync');
    return {
      dataDir,
      rows: sizes.events,
      from: new Date((today - DAYS) * DAY_MS),
      to: new Date(today * DAY_MS),
      seconds: (performance.now() - startedAt) / 1_000,
      bytesPerEvent: { log: sizes.log / sizes.events, counted: sizes.counted / sizes.events },
      urlOf: (size, serverUrl) => (size === 'large' ? serverUrl : databaseUrl(serverUrl, SMALL)),
      close: async () => removeScratchFolder(dataDir),
    };
  } catch (error) {
    removeScratchFolder(dataDir);
    throw error;
  }
}

async function fillBoth(dataDir: string, rows: number, today: number, progress: Progress) {
  const server = await openEmbeddedPostgres({ dataDir, log: benchLog, role: 'command', settings: FILLING });
  try {
    await onServer(server.url, `create database ${SMALL}`);
    const tenth = rows / 10;
    const tell =
      (events: number, before: number): Tell =>
      (done, what) =>
        progress(before + done, rows + tenth, `filling a database with ${events} events: ${what}`);
    await fill(databaseUrl(server.url, SMALL), tenth, today, tell(tenth, 0));
    return await fill(server.url, rows, today, tell(rows, tenth));
  } finally {
    await server.close();
  }
}

async function fill(url: string, rows: number, today: number, tell: Tell) {
  const db = openBenchPool(url, 2);
  await migrate(db);
  const owner = await createMembers({ db }).create({ ...OWNER, roles: ['advertiser'] });
  const clients = await Promise.all(Array.from({ length: FILLERS }, () => connect(url)));
  const [first] = clients as [pg.Client];
  try {
    await addCampaigns(first, owner.id, CAMPAIGNS);
    await dropCounterKeys(first);
    // Both events of a visit lie in one day.
    const events = 2 * Math.ceil(rows / DAYS / 2);
    const days = Array.from({ length: DAYS }, (_, at): StoredDay => {
      return { day: today - DAYS + at, after: at * events, events };
    });
    await drain(clients, days, async (client, day) => {
      await fillDay(client, day);
      tell(day.after + events, partitionName(day.day));
    });
    tell(rows, 'keys and totals');
    await drain(clients, [...COUNTER_TABLES], addCounterKeys);
    await finishLog(first, DAYS * events);
    await createPartitions(db).ensureAhead(Date.now());
    return await findSizes(first);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
    await db.close();
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Each client takes the next piece of work as soon as it is free. */
async function drain<T>(
  clients: readonly pg.Client[],
  work: readonly T[],
  run: (client: pg.Client, one: T) => Promise<void>,
): Promise<void> {
  const left = [...work];
  await Promise.all(
    clients.map(async (client) => {
      for (let one = left.shift(); one !== undefined; one = left.shift()) await run(client, one);
    }),
  );
}

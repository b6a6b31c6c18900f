import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPostgresProcesses } from '../src/proof/drill/postgres-processes.ts';
import { createServerProcess, type Environment, findDrillPort } from '../src/proof/drill/server-process.ts';
import { until } from '../test/support/until.ts';
import { ADMIN, type Client, signIn } from '../test/support/weir.ts';
import { type Sample, shoot } from './clients.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';
import { openBenchPool } from './scratch-postgres.ts';

const CONNECTIONS = { single: 64, batch: 8 };
export const BATCH = 500;
const DRAIN_LIMIT_MS = 120_000;

/** One API process that keeps events and does not count, and aggregators as processes of their own, as many as are wanted. */
export interface ScaledLine {
  readonly shoot: (kind: 'single' | 'batch', seconds: number) => Promise<Sample>;
  /** Starts aggregators, waits until nothing is left, and stops them. Events a second from the first counted to the last. */
  readonly drain: (aggregators: number) => Promise<{ readonly events: number; readonly rate: number }>;
  readonly close: () => Promise<void>;
}

/** `env` says which engine is the log; the database is an embedded one in a folder of its own. */
export async function openScaledLine(env: Environment): Promise<ScaledLine> {
  const dir = makeScratchFolder();
  const logFile = join(dir, 'server.log');
  writeFileSync(logFile, '');
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir);
  const shared = {
    ADMIN_PASSWORD: ADMIN.password,
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'error',
    TRUSTED_PROXIES: '127.0.0.0/8',
    ...env,
  };
  const open = async (own: Environment) => {
    const port = await findDrillPort();
    return createServerProcess({ dir, port, env: { ...shared, ...own, PORT: String(port) }, logFile });
  };
  const api = await open({ DATA_DIR: dataDir });
  await api.start({}, ['serve', '--roles', 'api']);
  const url = createPostgresProcesses(dataDir).url();
  const client = await signIn(api.url, ADMIN);
  const campaign = await makeCampaign(client);
  const event = { type: 'view', campaign_id: campaign };

  const db = openBenchPool(url, 1);
  let acknowledged = 0;

  async function count(): Promise<number> {
    const [row] = await db.query<{ counted: number }>(
      'select coalesce(sum(views), 0)::int8 as counted from counters_total',
    );
    return row!.counted;
  }

  return {
    shoot: async (kind, seconds) => {
      const sample = await shoot({
        url: api.url,
        method: 'POST',
        path: '/api/events',
        body: JSON.stringify(kind === 'single' ? event : Array.from({ length: BATCH }, () => event)),
        connections: CONNECTIONS[kind],
        seconds,
      });
      acknowledged += Math.floor(sample.rate * seconds) * (kind === 'single' ? 1 : BATCH);
      return sample;
    },
    drain: async (aggregators) => {
      const processes = await Promise.all(
        Array.from({ length: aggregators }, (_, at) => open({ DATA_DIR: join(dir, `aggregator-${at}`) })),
      );
      for (const one of processes) one.launch({ DATABASE_URL: url }, ['serve', '--roles', 'aggregator']);
      try {
        return await watchDrain(acknowledged, count);
      } finally {
        for (const one of processes) await one.end('SIGTERM');
      }
    },
    close: async () => {
      await db.close();
      await api.end('SIGTERM');
      removeScratchFolder(dir);
    },
  };
}

/** The start of the processes is not part of it: from the first look that finds more counted to the one that finds all. */
async function watchDrain(acknowledged: number, count: () => Promise<number>) {
  const before = await count();
  let [counted, begunAt, begunWith] = [before, 0, 0];
  await until(async () => {
    counted = await count();
    if (counted > before && begunAt === 0) [begunAt, begunWith] = [performance.now(), counted];
    return counted >= acknowledged;
  }, DRAIN_LIMIT_MS);
  const rate = (counted - begunWith) / ((performance.now() - begunAt) / 1_000);
  return { events: counted - before, rate };
}

async function makeCampaign(client: Client): Promise<number> {
  const made = await client('POST', '/api/campaigns', {
    title: 'scaled',
    content: 'Sale',
    start_date: '2020-01-01T00:00:00Z',
    end_date: '2099-01-01T00:00:00Z',
  });
  return made.body.id;
}

import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createHistory } from '../history.ts';
import { createRandom } from '../random.ts';
import { askPatiently } from './ask-patiently.ts';
import { type DrillLoad, startDrillLoad, type WatchedHistory, watchHistory } from './drill-load.ts';
import { type Judgement, judge } from './judge.ts';
import type { DrillEngines } from './lent-engines.ts';
import type { PostgresProcesses } from './postgres-processes.ts';
import { createRigServers } from './rig-servers.ts';
import { type CommandResult, type Environment, runCommand, type ServerProcess } from './server-process.ts';

/** What a scenario works with: a server on a scratch data directory, its PostgreSQL, clients, and the judgement at the end. */
export interface Rig {
  readonly dir: string;
  readonly dataDir: string;
  readonly historyFile: string;
  readonly random: () => number;
  /** Those that were lent to the scenario; throws where none were. */
  readonly engines: () => DrillEngines;
  readonly server: ServerProcess;
  readonly postgres: PostgresProcesses;
  /** Another server beside it, on a data directory and port of its own. */
  readonly openServer: (dataDir: string) => Promise<ServerProcess>;
  /** What clients know of the events they sent; a scenario that sends some itself adds its own lines. */
  readonly history: WatchedHistory;
  /** New campaigns, live for years. The server must serve. */
  readonly makeCampaigns: (count: number) => Promise<number[]>;
  /**
   * Single-event requests from this process at `rate` a second, open-loop, whose clients repeat what failed, to the server
   * or to `url`.
   */
  readonly startLoad: (load: { rate: number; campaigns: readonly number[]; url?: string }) => DrillLoad;
  /** An access token of the first admin, for ten minutes. The server must serve. */
  readonly signIn: () => Promise<string>;
  /** `weir …args` as a process beside the server, or without one. */
  readonly command: (args: readonly string[], env?: Environment) => Promise<CommandResult>;
  /** Stops the server, counts until dry, and asks oracle and verify. Nothing can be sent afterwards. */
  readonly judge: () => Promise<Judgement>;
  /** Ends all load at once. */
  readonly stopLoads: () => Promise<void>;
  /** Ends load, server and PostgreSQL, whatever state they are in. */
  readonly close: () => Promise<void>;
}

interface RigOptions {
  /** An empty folder, see `openScratch`. */
  readonly dir: string;
  readonly seed: number;
  readonly engines?: DrillEngines | undefined;
  /** Further settings of its servers and commands. */
  readonly env?: Environment;
}

export async function openRig({ dir, seed, engines, env: more = {} }: RigOptions): Promise<Rig> {
  const random = createRandom(seed);
  const dataDir = join(dir, 'data');
  mkdirSync(dataDir);
  const historyFile = join(dir, 'history.ndjson');
  const logFile = join(dir, 'server.log');
  writeFileSync(logFile, '');
  const env: Environment = {
    ADMIN_PASSWORD: randomBytes(12).toString('base64url'),
    RATE_LIMITS: 'off',
    LOG_LEVEL: 'warn',
    DATA_DIR: dataDir,
    ...engines?.env,
    ...more,
  };
  const servers = createRigServers(dir, env, logFile);
  const { server, postgres } = await servers.open(dataDir);
  const history = watchHistory(createHistory(historyFile));
  const loads = new Set<DrillLoad>();
  const stopLoads = async () => {
    await Promise.allSettled([...loads].map((load) => load.abort()));
  };
  const signIn = async () => {
    const body = { username: 'admin@example.com', password: env.ADMIN_PASSWORD! };
    return String((await send(`${server.url}/api/token/pair`, body)).access);
  };
  let titles = 0;

  return {
    dir,
    dataDir,
    historyFile,
    random,
    engines: () => {
      if (!engines) throw new Error('No engines were lent to this drill.');
      return engines;
    },
    server,
    postgres,
    openServer: async (other) => (await servers.open(other)).server,
    history,
    signIn,
    makeCampaigns: async (count) =>
      makeCampaigns(
        server.url,
        await signIn(),
        Array.from({ length: count }, () => `drill ${++titles}`),
      ),
    startLoad: (load) => {
      const started = startDrillLoad({ url: server.url, ...load, seed: seed + loads.size + 1, history });
      loads.add(started);
      return started;
    },
    command: (args, more = {}) => runCommand(args, { dir, env, logFile }, more),
    judge: async () => {
      await server.end('SIGTERM');
      await history.close();
      return judge(dir, env, historyFile);
    },
    stopLoads,
    close: async () => {
      await stopLoads();
      await servers.close();
    },
  };
}

async function makeCampaigns(url: string, token: string, titles: readonly string[]): Promise<number[]> {
  const made: number[] = [];
  for (const title of titles) {
    const campaign = {
      title,
      content: 'drill',
      start_date: '2000-01-01T00:00:00Z',
      end_date: '2100-01-01T00:00:00Z',
    };
    made.push(Number((await send(`${url}/api/campaigns`, campaign, token)).id));
  }
  return made;
}

async function send(url: string, body: object, token?: string): Promise<Record<string, unknown>> {
  const answer = await askPatiently(() =>
    fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    }),
  );
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}

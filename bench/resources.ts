import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from '../test/support/until.ts';
import { type Client, type RunningWeir, signIn, startWeir } from '../test/support/weir.ts';
import { openScratchPostgres, type ScratchPostgres } from './scratch-postgres.ts';
import { fillStored, type Stored } from './stored-events.ts';

type Progress = (done: number, of: number, text: string) => void;

/** What several figures share; each is opened by the first that asks for it. */
export interface Resources {
  /** Weir as `npm start` runs it, without refusals for coming too fast, and a bare server. */
  readonly server: Shared<LoadedServer>;
  /** A PostgreSQL for tables of our own. */
  readonly postgres: Shared<ScratchPostgres>;
  /** Two databases full of events; it takes minutes. */
  readonly stored: Shared<Stored>;
}

export interface LoadedServer {
  readonly weir: RunningWeir;
  readonly floorUrl: string;
  readonly makeCampaign: (title: string) => Promise<number>;
  /** Waits until every event is counted: what is left of one round must not slow the next one's floor. */
  readonly settle: () => Promise<void>;
  /** Single events a second, once they were measured. */
  capacity: number | undefined;
}

interface Shared<T> {
  readonly open: (progress: Progress) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** `rows`: of the larger of the two filled databases. */
export function createResources(rows: number): Resources {
  return {
    server: share(() => startServer()),
    postgres: share(openScratchPostgres),
    stored: share((progress) => fillStored(rows, progress)),
  };
}

function share<T extends { readonly close: () => Promise<void> }>(
  make: (progress: Progress) => Promise<T>,
): Shared<T> {
  let made: Promise<T> | undefined;
  return {
    open: (progress) => (made ??= make(progress)),
    close: async () => {
      const closing = made;
      made = undefined;
      // One that could not be made has told so already, and left nothing.
      const one = await closing?.catch(() => undefined);
      await one?.close();
    },
  };
}

/** `env`: beside what a server under load needs. */
export async function startServer(
  env: Readonly<Record<string, string>> = {},
): Promise<LoadedServer & { close: () => Promise<void> }> {
  const weir = await startWeir({ env: { RATE_LIMITS: 'off', TRUSTED_PROXIES: '127.0.0.0/8', ...env } });
  const floor = await startFloor();
  const client = await signIn(weir.url, weir.admin);
  return {
    weir,
    floorUrl: floor.url,
    capacity: undefined,
    makeCampaign: (title) => makeCampaign(client, title),
    settle: () =>
      until(async () => {
        const { body } = await client('GET', '/api/status');
        return body.pipeline.lag_events === 0;
      }, 60_000),
    close: async () => {
      floor.child.kill('SIGTERM');
      await weir.close();
    },
  };
}

async function makeCampaign(client: Client, title: string): Promise<number> {
  const made = await client('POST', '/api/campaigns', {
    title,
    content: 'Sale',
    start_date: '2020-01-01T00:00:00Z',
    end_date: '2099-01-01T00:00:00Z',
  });
  return made.body.id;
}

async function startFloor(): Promise<{ url: string; child: ChildProcess }> {
  const file = fileURLToPath(new URL('floor.ts', import.meta.url));
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout!, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${port.toString().trim()}`, child };
}

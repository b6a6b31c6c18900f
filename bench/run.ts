/** `npm run bench`: each figure beside a floor that the same machine gave in the same run. --quick, --json. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { createLogger } from '../src/kit/logger.ts';
import { type RunningWeir, signIn, startWeir } from '../test/support/weir.ts';
import { median, type Sample, shoot } from './clients.ts';
import { openCopyFloor } from './copy.ts';

const CONNECTIONS = 64;
const BATCH = 500;
const BATCH_CONNECTIONS = 8;

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly floor: Sample;
  readonly weir: Sample;
  readonly ratio: number;
  readonly bar: number;
  /** Of every round, floor then Weir: how far apart they lie tells how quiet the machine was. */
  readonly rounds: readonly (readonly [number, number])[];
}

interface Plan {
  readonly rounds: number;
  readonly seconds: number;
}

const { values: flags } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const plan: Plan = flags.quick ? { rounds: 3, seconds: 3 } : { rounds: 5, seconds: 5 };
const weir = await startWeir({ env: { RATE_LIMITS: 'off', TRUSTED_PROXIES: '127.0.0.0/8' } });
const floor = await startFloor();
try {
  const figures = await measure(weir, floor.url);
  report(figures);
} finally {
  floor.child.kill('SIGTERM');
  await weir.close();
}

async function measure(server: RunningWeir, floorUrl: string): Promise<Figure[]> {
  const campaign = await makeCampaign(server);
  const event = { type: 'view', campaign_id: campaign };
  const body = JSON.stringify(event);
  const batch = JSON.stringify(Array.from({ length: BATCH }, () => event));
  const { seconds } = plan;
  const post = { method: 'POST', path: '/api/events', seconds } as const;
  const get = {
    method: 'GET',
    path: `/api/campaigns/${campaign}`,
    connections: CONNECTIONS,
    seconds,
  } as const;
  const postgres = await openEmbeddedPostgres({
    dataDir: server.dataDir,
    log: createLogger('warn'),
    role: 'command',
  });
  const copy = await openCopyFloor(postgres.url);
  try {
    return [
      await compare('single events', 'requests/s', 0.35, (url) =>
        shoot({ ...post, url, body, connections: CONNECTIONS }),
      ),
      await compare('view route', 'requests/s', 0.3, (url) => shoot({ ...get, url })),
      await compare('batches of 500', 'events/s', 0.6, async (url) => {
        if (url === floorUrl) return { rate: await copy.run(), p50: 0, p99: 0 };
        const sample = await shoot({ ...post, url, body: batch, connections: BATCH_CONNECTIONS });
        return { ...sample, rate: sample.rate * BATCH };
      }),
    ];
  } finally {
    await copy.close();
    await postgres.close();
  }

  /** Alternating, so that whatever else the machine does meets both. The first round of each only warms up. */
  async function compare(
    name: string,
    unit: string,
    bar: number,
    run: (url: string) => Promise<Sample>,
  ): Promise<Figure> {
    const floors: Sample[] = [];
    const weirs: Sample[] = [];
    for (let round = 0; round <= plan.rounds; round += 1) {
      console.error(`${name}: ${round === 0 ? 'warming up' : `round ${round} of ${plan.rounds}`}`);
      const bare = await run(floorUrl);
      const ours = await run(server.url);
      if (round === 0) continue;
      floors.push(bare);
      weirs.push(ours);
    }
    const [bare, ours] = [median(floors), median(weirs)];
    const rounds = floors.map((one, at) => [Math.round(one.rate), Math.round(weirs[at]!.rate)] as const);
    return { name, unit, floor: bare, weir: ours, ratio: ours.rate / bare.rate, bar, rounds };
  }
}

async function makeCampaign({ url, admin }: RunningWeir): Promise<number> {
  const client = await signIn(url, admin);
  const made = await client('POST', '/api/campaigns', {
    title: 'bench',
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

function describeMachine(): string {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${memory} GB, ${process.platform}-${process.arch}, Node.js ${process.version}`;
}

function report(figures: readonly Figure[]): void {
  const machine = describeMachine();
  if (flags.json) {
    console.log(JSON.stringify({ machine, ...plan, figures }));
    return;
  }
  const table = new Table({
    head: ['figure', 'floor', 'Weir', 'ratio', 'bar', 'p99 ms', 'rounds floor/Weir'],
  });
  for (const { name, unit, floor: bare, weir: ours, ratio, bar, rounds } of figures) {
    table.push([
      `${name}, ${unit}`,
      Math.round(bare.rate),
      Math.round(ours.rate),
      ratio.toFixed(2),
      bar,
      ours.p99,
      rounds.map((pair) => pair.join('/')).join('\n'),
    ]);
  }
  console.log(`${machine}\nmedian of ${plan.rounds} rounds of ${plan.seconds} s\n${table.toString()}`);
}

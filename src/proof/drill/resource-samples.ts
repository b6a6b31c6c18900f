import { appendFileSync, readdirSync } from 'node:fs';
import type { Inspector } from './inspector.ts';
import type { PostgresProcesses } from './postgres-processes.ts';

const MB = 1024 * 1024;
const TEN_MINUTES_S = 600;

/** What a server holds at one moment. */
export interface ResourceSample {
  readonly atSeconds: number;
  readonly rssMb: number;
  /** Of V8's heap, garbage with it. */
  readonly heapMb: number;
  /** Open files and sockets; undefined where the platform does not tell. */
  readonly descriptors: number | undefined;
  /** Timers that keep the process alive, and other active handles. */
  readonly timers: number;
  readonly handles: number;
  /** Of clients to PostgreSQL, without the drill's own. */
  readonly connections: number;
}

export interface Sampler {
  readonly take: () => Promise<ResourceSample>;
  /** Heap and resident set after a collection: what is still held. */
  readonly takeClean: () => Promise<ResourceSample>;
}

interface Inside {
  readonly rss: number;
  readonly heap: number;
  readonly active: readonly string[];
}

const INSIDE = `({ rss: process.memoryUsage.rss(), heap: process.memoryUsage().heapUsed, active: process.getActiveResourcesInfo() })`;

/** Each sample is a line of `file`, too. */
export async function createSampler(
  inspector: Inspector,
  postgres: PostgresProcesses,
  file: string,
): Promise<Sampler> {
  const startedAt = performance.now();
  const pid = await inspector.evaluate<number>('process.pid');

  async function take(): Promise<ResourceSample> {
    const inside = await inspector.evaluate<Inside>(INSIDE);
    const timers = inside.active.filter((kind) => kind === 'Timeout').length;
    const [row] = await postgres.query<{ n: number }>(
      `select count(*) as n from pg_stat_activity where backend_type = 'client backend' and application_name <> 'weir-drill'`,
    );
    const sample = {
      atSeconds: round((performance.now() - startedAt) / 1_000),
      rssMb: round(inside.rss / MB),
      heapMb: round(inside.heap / MB),
      descriptors: countDescriptors(pid),
      timers,
      handles: inside.active.length - timers,
      connections: row!.n,
    };
    appendFileSync(file, `${JSON.stringify(sample)}\n`);
    return sample;
  }

  return {
    take,
    takeClean: async () => {
      await inspector.collectGarbage();
      return take();
    },
  };
}

function countDescriptors(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    // No Linux.
    return undefined;
  }
}

/** How it grows, in MB for each ten minutes, by least squares; undefined for less than two moments. */
export function toSlope(
  samples: readonly Pick<ResourceSample, 'atSeconds' | 'rssMb' | 'heapMb'>[],
  kind: 'rssMb' | 'heapMb',
): number | undefined {
  const n = samples.length;
  const meanX = samples.reduce((sum, one) => sum + one.atSeconds, 0) / n;
  const meanY = samples.reduce((sum, one) => sum + one[kind], 0) / n;
  const spread = samples.reduce((sum, one) => sum + (one.atSeconds - meanX) ** 2, 0);
  if (n < 2 || spread === 0) return undefined;
  const shared = samples.reduce((sum, one) => sum + (one.atSeconds - meanX) * (one[kind] - meanY), 0);
  return round((shared / spread) * TEN_MINUTES_S);
}

/** Least and most of one kind, over samples. */
export function toRange(
  samples: readonly ResourceSample[],
  kind: 'descriptors' | 'timers' | 'handles' | 'connections',
): { readonly least: number; readonly most: number } {
  const values = samples.map((sample) => sample[kind] ?? 0);
  return { least: Math.min(...values), most: Math.max(...values) };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

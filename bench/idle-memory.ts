import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../src/kit/wait.ts';
import { type RunningWeir, startWeir } from '../test/support/weir.ts';
import { type Figure, median, type Round, toRow } from './figure.ts';

const LOOK_EVERY_MS = 2_000;

/** Megabytes. */
interface Memory {
  readonly server: number;
  /** The server's share, where others that run the same Node count as sharers: this very process does. */
  readonly serverShare: number;
  readonly postgres: number;
}

/** Everything that `npm start` leaves running, after a while without a request. */
export const idleMemory: Figure = {
  name: 'memory',
  uses: [],
  run: async ({ plan, progress }) => {
    const weir = await startWeir();
    try {
      for (let second = 0; second < plan.idleSeconds; second += 1) {
        progress(second, plan.idleSeconds + plan.rounds, 'idle memory: waiting');
        await sleep(1_000);
      }
      const looks: Memory[] = [];
      for (let look = 0; look < plan.rounds; look += 1) {
        progress(plan.idleSeconds + look, plan.idleSeconds + plan.rounds, `idle memory: look ${look + 1}`);
        looks.push(readMemory(weir));
        await sleep(LOOK_EVERY_MS);
      }
      const part = (pick: (memory: Memory) => number) => Math.round(median(looks.map(pick)));
      return [
        toRow({
          title: `memory after ${plan.idleSeconds} idle seconds`,
          unit: 'MB',
          rounds: looks.map(({ server, postgres }): Round => ({ weir: server + postgres })),
          bar: { side: 'most', value: 250 },
          notes: [
            `server ${part((one) => one.server)} MB resident (its share ${part((one) => one.serverShare)} MB), PostgreSQL's processes ${part((one) => one.postgres)} MB of proportional set sizes`,
          ],
        }),
      ];
    } finally {
      await weir.close();
    }
  },
};

/**
 * PostgreSQL's processes share pages with each other: each counts its part of them, which adds up (proc_pid_smaps, `Pss`).
 * The server shares Node's own pages with this process alone, which no installation runs beside it: they count in full.
 */
function readMemory({ child, dataDir }: RunningWeir): Memory {
  const main = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  return {
    server: readSize(child.pid!, 'Rss'),
    serverShare: readSize(child.pid!, 'Pss'),
    postgres: [main, ...listChildren(main)].reduce((sum, pid) => sum + readSize(pid, 'Pss'), 0),
  };
}

function listChildren(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => readParent(pid) === parent);
}

function readParent(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    // It ended in between.
    return undefined;
  }
}

/** Linux only. */
function readSize(pid: number, name: 'Pss' | 'Rss'): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(rollup);
  return Number(found?.[1]) / 1_024;
}

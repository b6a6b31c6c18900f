import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../src/kit/wait.ts';
import { type RunningWeir, startWeir } from '../test/support/weir.ts';
import { type Figure, median, type Round, toRow } from './figure.ts';

const LOOK_EVERY_MS = 2_000;
const MB = 1_024 * 1_024;

interface Memory {
  readonly server: number;
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
            `server ${part((one) => one.server)} MB, PostgreSQL ${part((one) => one.postgres)} MB; proportional set sizes`,
          ],
        }),
      ];
    } finally {
      await weir.close();
    }
  },
};

/** Each shared page counts in parts that add up to one (proc_pid_smaps, `Pss`). Linux only. */
function readMemory({ child, dataDir }: RunningWeir): Memory {
  const main = Number(readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);
  const backends = listChildren(main);
  return {
    server: readPss(child.pid!) / MB,
    postgres: [main, ...backends].reduce((sum, pid) => sum + readPss(pid), 0) / MB,
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

/** Bytes. */
function readPss(pid: number): number {
  const found = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
  return Number(found?.[1]) * 1_024;
}

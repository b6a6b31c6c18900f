import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { until } from '../test/support/until.ts';
import { ADMIN, findFreePort } from '../test/support/weir.ts';
import { type Figure, type Round, toRow } from './figure.ts';
import { makeScratchFolder, removeScratchFolder } from './scratch-folder.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const LIMIT_MS = 60_000;

/** `npm start` until the first 200: with no data yet, and again on what the first start made. */
export const startTime: Figure = {
  name: 'start',
  uses: [],
  run: async (bench) => {
    // Packages and pages are there after an installation; what is built now is not part of the figure.
    spawnSync('npm', ['run', '--silent', 'prestart'], { cwd: ROOT, stdio: 'ignore' });
    const cold: Round[] = [];
    const warm: Round[] = [];
    const { rounds } = bench.plan;
    for (let round = 0; round < rounds; round += 1) {
      bench.progress(round, rounds, `npm start: round ${round + 1}`);
      const dataDir = makeScratchFolder();
      try {
        cold.push({ weir: await startOnce(dataDir) });
        warm.push({ weir: await startOnce(dataDir) });
      } finally {
        removeScratchFolder(dataDir);
      }
    }
    return [
      toRow({
        title: 'npm start to the first 200, no data yet',
        unit: 's',
        rounds: cold,
        bar: { side: 'most', value: 15 },
        notes: ["the disk's cache is warm, in the next row too"],
      }),
      toRow({
        title: 'npm start to the first 200, again',
        unit: 's',
        rounds: warm,
        bar: { side: 'most', value: 3 },
      }),
    ];
  },
};

/** Seconds from the command to the first 200; the server is stopped afterwards. */
async function startOnce(dataDir: string): Promise<number> {
  const port = await findFreePort();
  const env = {
    PATH: process.env.PATH ?? '',
    DATA_DIR: dataDir,
    PORT: String(port),
    ADMIN_PASSWORD: ADMIN.password,
    LOG_LEVEL: 'warn',
  };
  const startedAt = performance.now();
  // A group of its own: npm does not hand every signal on.
  const child = spawn('npm', ['start', '--silent'], { cwd: ROOT, env, stdio: 'ignore', detached: true });
  const exited = once(child, 'exit');
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`npm start ended with ${child.exitCode}`);
      return fetch(`http://127.0.0.1:${port}/health/ready`).then(
        (answer) => answer.ok,
        () => false,
      );
    }, LIMIT_MS);
    return (performance.now() - startedAt) / 1_000;
  } finally {
    if (child.exitCode === null) process.kill(-child.pid!, 'SIGTERM');
    await exited;
    // The database goes last, perhaps after npm.
    await until(() => !existsSync(join(dataDir, 'postgres', 'postmaster.pid')), LIMIT_MS);
  }
}

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { DrillReport, ScenarioOptions } from './scenario.ts';

const RUN = fileURLToPath(new URL('./run-in-own-mounts.ts', import.meta.url));

/** What the process with mounts of its own is told first; later `stop`, once it shall break nothing more. */
export interface MountedOrder {
  readonly name: string;
  readonly dir: string;
  readonly seed: number;
  readonly sizes: Readonly<Record<string, number | undefined>>;
}

export type MountedWord =
  | { readonly progress: [number, number, string] }
  | { readonly report: DrillReport }
  | { readonly failure: string };

/** Why scenarios that mount volumes cannot run here, and what to do; undefined where they can. */
export function whyNoMounts(): string | undefined {
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', 'mount -t tmpfs -o size=1m none /mnt'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const reason = stderr?.toString().trim().split('\n')[0] || (error as Error).message;
    return `it fills volumes of its own, which only root on Linux may mount (unshare -m and mount: ${reason}): sudo npx weir drill disk-full`;
  }
}

/** Runs a scenario in a process that alone sees what it mounts; with that process the volumes are gone, whatever happens. */
export async function runInOwnMounts(
  dir: string,
  name: string,
  { signal, onProgress, seed, ...sizes }: ScenarioOptions & { seed: number },
): Promise<DrillReport> {
  const order: MountedOrder = { name, dir, seed, sizes };
  // A session of its own: Ctrl-C is for this process, which tells it to stop; it ends with the channel between them.
  const child = fork(RUN, [], { execPath: 'unshare', execArgv: ['-m', process.execPath], detached: true });
  const stop = () => void (child.connected && child.send('stop'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    child.send(order);
    return await hear(child, onProgress);
  } finally {
    signal.removeEventListener('abort', stop);
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

function hear(child: ChildProcess, onProgress: (...progress: [number, number, string]) => void) {
  return new Promise<DrillReport>((resolve, reject) => {
    child.on('message', (word: MountedWord) => {
      if ('progress' in word) onProgress(...word.progress);
      else if ('report' in word) resolve(word.report);
      else reject(new Error(word.failure));
    });
    child.once('error', reject);
    child.once('exit', (code, by) => reject(new Error(`the process of the scenario ended (${by ?? code})`)));
  });
}

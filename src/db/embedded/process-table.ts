import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { systemClock } from '../../kit/clock.ts';
import { sleep } from '../../kit/wait.ts';

/**
 * When a living process began, as an opaque token, or undefined if there is none. A pid alone is not an identity: it
 * is given out again. Zombies count as dead, because a container's first process may never reap them.
 */
export function findStartToken(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const fields = readStat(pid);
    return fields && !isDeadState(fields[0]) ? fields[19] : undefined;
  }
  if (!answersSignal(pid)) return undefined;
  if (process.platform === 'win32') return 'unknown';
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
      .trim()
      .replace(/\W+/g, '_');
  } catch {
    // ps fails for a pid that ended in between.
    return undefined;
  }
}

export function isAlive(pid: number): boolean {
  if (process.platform !== 'linux') return answersSignal(pid);
  const fields = readStat(pid);
  return fields !== undefined && !isDeadState(fields[0]);
}

/** The command line of a living process; empty where the platform does not tell. */
export function readCommand(pid: number): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    // It ended in between.
    return '';
  }
}

/**
 * Pids of living processes whose command line begins with `prefix`. Command lines are readable whoever owns the process,
 * whereas working directories are not for root inside a default container. Linux only; elsewhere empty.
 */
export function listProcesses(prefix: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && readCommand(pid).startsWith(prefix) && isAlive(pid));
}

/** Whether `condition` became true within `limitMs`. */
export async function waitUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
  const deadline = systemClock.monotonicMs() + limitMs;
  while (!condition()) {
    if (systemClock.monotonicMs() > deadline) return false;
    await sleep(5);
  }
  return true;
}

/** Sends a signal; a process that has already ended is not an error. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** The fields of /proc/<pid>/stat after the command's name: [0] is the state, [19] the start in ticks since boot. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    // No such process.
    return undefined;
  }
}

function isDeadState(state: string | undefined): boolean {
  return state === 'Z' || state === 'X';
}

/** Whether the pid is taken at all: by a zombie as well. */
export function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

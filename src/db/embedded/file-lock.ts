import { existsSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../kit/clock.ts';
import { sleep } from '../../kit/wait.ts';

export interface FileLock {
  readonly release: () => void;
}

const SQLITE_BUSY = 5;

/**
 * An exclusive lock that the operating system drops with its process, however that dies. Node has no `flock`; SQLite
 * locks its file on every platform (and, unlike `flock`, child processes do not inherit it), so an empty SQLite file
 * stands in. A pid file was rejected: two starters that both find it stale can each believe they replaced it.
 */
export function tryLock(path: string): FileLock | undefined {
  createPrivately(path);
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    // Its journal would need room, and on a full disk nobody could restart or stop PostgreSQL.
    file.exec('pragma journal_mode = memory; begin exclusive');
  } catch (error) {
    file.close();
    if (isBusy(error)) return undefined;
    throw new Error(`Cannot lock ${path}: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  return { release: () => file.close() };
}

/** Runs `work` while no other process runs its own under the same lock file; throws after `limitMs` of waiting. */
export async function withLock<T>(path: string, limitMs: number, work: () => Promise<T>): Promise<T> {
  const deadline = systemClock.monotonicMs() + limitMs;
  let lock = tryLock(path);
  while (!lock) {
    if (systemClock.monotonicMs() > deadline) {
      throw new Error(`Another process has held ${path} for over ${Math.round(limitMs / 1000)} s.`);
    }
    await sleep(20);
    lock = tryLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/**
 * Readable by its owner alone, or another user could lock us out. Only ever a file that was not there: to open and
 * close a locked one would drop this process's own lock on it.
 */
function createPrivately(path: string): void {
  if (existsSync(path)) return;
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o600 });
  } catch (error) {
    // Another process created it in between.
    if (!existsSync(path)) throw error;
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type FileLock, tryLock } from '../../db/embedded/file-lock.ts';
import { listUsers } from '../../db/embedded/users.ts';
import { AppError } from '../../kit/errors.ts';

const MARK = 'made-by-weir-drill';
const LOCK = 'drill.lock';

/** A folder that drills alone use, each run in a new folder of its own: nothing that was there before is touched. */
export interface Scratch {
  readonly dir: string;
  /** A new folder for one run of this scenario. */
  readonly makeRun: (name: string) => string;
  /** Gives the folder free; it stays where a run left something to look at. */
  readonly close: () => void;
}

/**
 * Opens `path`, or a new folder among the temporary files. Throws AppError `conflict` where the folder holds anything
 * and no drill made it, where another drill works in it, or where a server of an earlier drill still runs in it.
 */
export function openScratch(path: string | undefined): Scratch {
  const dir = path === undefined ? mkdtempSync(join(tmpdir(), 'weir-drill-')) : resolve(path);
  mkdirSync(dir, { recursive: true });
  if (readdirSync(dir).length > 0 && !existsSync(join(dir, MARK))) {
    throw new AppError(
      'conflict',
      `${dir} is not empty and was not made by a drill, so it may hold somebody's data. A drill kills what runs in its folder: give it a new one.`,
    );
  }
  writeFileSync(join(dir, MARK), 'Drills kill the servers in here. Remove the folder whenever you like.\n');
  const lock = tryLock(join(dir, LOCK));
  if (!lock)
    throw new AppError('conflict', `Another drill works in ${dir}. Wait for it, or give another folder.`);
  try {
    refuseRunning(dir);
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    dir,
    makeRun: (name) => mkdtempSync(join(dir, `${name}-`)),
    close: () => close(dir, lock),
  };
}

function refuseRunning(dir: string): void {
  for (const run of readdirSync(dir, { withFileTypes: true })) {
    if (!run.isDirectory()) continue;
    const [user] = listUsersIn(join(dir, run.name, 'data', 'users'));
    if (!user) continue;
    throw new AppError(
      'conflict',
      `A server (process ${user.pid}) runs in ${join(dir, run.name)}, left by a drill that was killed. Stop it first: kill ${user.pid}`,
    );
  }
}

function listUsersIn(dir: string): { pid: number }[] {
  return existsSync(dir) ? listUsers(dir) : [];
}

function close(dir: string, lock: FileLock): void {
  lock.release();
  if (readdirSync(dir).some((name) => name !== MARK && name !== LOCK)) return;
  for (const name of [MARK, LOCK]) rmSync(join(dir, name), { force: true });
  rmdirSync(dir);
}

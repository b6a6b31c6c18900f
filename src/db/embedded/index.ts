import { systemClock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import { explainFullDisk } from './disk-space.ts';
import { ensureRunning, type RunningServer, stopServer } from './embedded-server.ts';
import { type FileLock, tryLock, withLock } from './file-lock.ts';
import { type Place, preparePlace, removeSocketDir } from './place.ts';
import { toUrl } from './postmaster.ts';
import { superviseServer } from './supervisor.ts';
import { addUser, listUsers, type Role, removeUser } from './users.ts';

export { explainFullDisk, FULL_DISK_BYTES, findFullDisk, LOW_DISK_BYTES } from './disk-space.ts';

interface EmbeddedPostgresOptions {
  /** Created if absent; the cluster lies in its folder `postgres`, the server's log in `postgres.log`. */
  readonly dataDir: string;
  readonly log: Logger;
  /** `serve`: the only one of its kind in this folder. `command`: joins whoever is there. */
  readonly role: Role;
  /** PostgreSQL settings that replace ours; without effect on a server that runs already. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedPostgres {
  /** For `pg`: over the Unix socket, on Windows over loopback. It stays the same when the server is restarted. */
  readonly url: string;
  /** Whether this call started the server; false where it adopted or joined a running one. */
  readonly owned: boolean;
  /** Leaves; the last one to leave stops the server and waits for its end. Safe to call twice. */
  readonly close: () => Promise<void>;
}

/** Longer than another process may need for a first start, a recovery or a shutdown. */
const LOCK_LIMIT_MS = 150_000;

/**
 * Runs the real PostgreSQL of the npm package in `dataDir`, or joins the one that runs there.
 * Throws AppError `conflict` if the role is `serve` and another process serves the same folder, `unavailable` if the
 * package or the folder cannot be used, or its disk is full.
 */
export async function openEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  let serveLock: FileLock | undefined;
  try {
    const place = preparePlace(options.dataDir);
    serveLock = options.role === 'serve' ? await takeServeLock(place) : undefined;
    return await join(place, options, serveLock);
  } catch (error) {
    serveLock?.release();
    throw explainFullDisk(error, options.dataDir);
  }
}

async function join(
  place: Place,
  options: EmbeddedPostgresOptions,
  serveLock: FileLock | undefined,
): Promise<EmbeddedPostgres> {
  const { log, settings = {} } = options;
  const underLock = <T>(work: () => Promise<T>) => withLock(place.lockFile, LOCK_LIMIT_MS, work);
  const entry = addUser(place.usersDir, options.role);
  let server: RunningServer;
  try {
    server = await underLock(() => ensureRunning(place, { settings }, log));
  } catch (error) {
    removeUser(place.usersDir, entry);
    throw error;
  }
  // A restart keeps the address, even if it was chosen by a process with another folder for temporary files.
  const kept: Place = place.socketDir === undefined ? place : { ...place, socketDir: server.socketDir };
  const restart = async () => {
    try {
      const again = await underLock(() => ensureRunning(kept, { settings, port: server.port }, log));
      return again.pid;
    } catch (error) {
      throw explainFullDisk(error, place.dataDir);
    }
  };
  const supervisor = superviseServer(kept, server.pid, restart, log);
  const leave = async () => {
    await supervisor.stop();
    await underLock(async () => {
      removeUser(place.usersDir, entry);
      if (listUsers(place.usersDir).length > 0) return;
      await stopServer(place, log);
      removeSocketDir(kept);
    }).finally(() => serveLock?.release());
  };
  let leaving: Promise<void> | undefined;
  return {
    url: toUrl(place, server),
    owned: server.started,
    close: () => {
      leaving ??= leave();
      return leaving;
    },
  };
}

async function takeServeLock(place: Place): Promise<FileLock> {
  const lock = tryLock(place.serveLockFile);
  if (lock) return lock;
  // Who holds it enters the register a moment later.
  const deadline = systemClock.monotonicMs() + 500;
  const findServe = () => listUsers(place.usersDir).find((user) => user.role === 'serve');
  let other = findServe();
  while (!other && systemClock.monotonicMs() < deadline) {
    await sleep(20);
    other = findServe();
  }
  const who = other ? `process ${other.pid}` : 'another process';
  throw new AppError(
    'conflict',
    `Weir already serves ${place.dataDir} (${who}). Two servers on one data directory would fight over it. Stop the other one first, or give this one its own DATA_DIR and PORT.`,
  );
}

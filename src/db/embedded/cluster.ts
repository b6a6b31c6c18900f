import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  closeSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../kit/errors.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import { giveTo, type Place } from './place.ts';

const DRAFT_PREFIX = 'postgres.new-';

/** Creates the cluster unless it is there. Call it under the lock: what an interrupted one left behind is removed. */
export async function ensureCluster(place: Place, log: Logger): Promise<void> {
  for (const name of readdirSync(place.dataDir)) {
    if (name.startsWith(DRAFT_PREFIX)) removeDraft(join(place.dataDir, name), log);
  }
  const existing = statSync(place.clusterDir, { throwIfNoEntry: false });
  if (existing) {
    // Restored from a backup by root, for example.
    if (place.user && existing.uid !== place.user.uid) giveTo(place.clusterDir, place.user);
    return;
  }
  log.info({ dir: place.clusterDir }, 'creating the PostgreSQL cluster');
  const draft = mkdtempSync(join(place.dataDir, DRAFT_PREFIX));
  giveTo(draft, place.user);
  await fillCluster(place, draft);
  failpoint?.('embedded.before-rename');
  renameSync(draft, place.clusterDir);
  syncFolder(place.dataDir);
  failpoint?.('embedded.after-initdb');
}

function removeDraft(draft: string, log: Logger): void {
  try {
    rmSync(draft, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    // An orphaned initdb may still write into it; the next start removes it.
    log.warn({ err: error, dir: draft }, 'could not remove an unfinished PostgreSQL cluster');
  }
}

/** Without it a power cut could undo the rename, and the next start would take the cluster for an unfinished one. */
function syncFolder(dir: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(dir, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

async function fillCluster(place: Place, draft: string): Promise<void> {
  const dir = place.clusterArgument === place.clusterDir ? draft : place.clusterArgument;
  const passwordFile = join(place.socketDir ?? place.dataDir, `initial-password-${process.pid}`);
  writeFileSync(passwordFile, place.password, { mode: 0o600 });
  if (place.user) chownSync(passwordFile, place.user.uid, place.user.gid);
  try {
    await run(place, draft, place.binaries.initdb, [
      ...['-D', dir, '--username=weir', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ...['--data-checksums', '--set', 'timezone=UTC', '--set', 'log_timezone=UTC'],
    ]);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  await run(place, draft, place.binaries.postgres, ['--single', '-D', dir, 'postgres'], {
    input: 'create database weir\n',
  });
  const lz4 = ['-C', 'wal_compression', '-c', 'wal_compression=lz4', '-D', dir];
  const built = await run(place, draft, place.binaries.postgres, lz4, { mayFail: true });
  // Only lz4: without it the choice is pglz, which costs more processor time than the smaller log is worth.
  if (built) appendFileSync(join(draft, 'postgresql.conf'), '\nwal_compression = lz4\n');
}

interface RunOptions {
  readonly input?: string;
  readonly mayFail?: boolean;
}

/** Whether it ended well; throws with what it printed if it did not and must. */
async function run(
  place: Place,
  cwd: string,
  command: string,
  args: string[],
  options: RunOptions = {},
): Promise<boolean> {
  const child = spawn(command, args, { cwd, env: serverEnvironment(), ...place.user });
  const printed: string[] = [];
  child.stdout.on('data', (chunk) => printed.push(String(chunk)));
  child.stderr.on('data', (chunk) => printed.push(String(chunk)));
  child.stdin.on('error', () => {
    // It ended before it read its input: its exit code tells.
  });
  child.stdin.end(options.input ?? '');
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('close', resolve);
  const code = await promise;
  if (code === 0) return true;
  if (options.mayFail) return false;
  throw toFailure(`${command} failed (${code}):\n${printed.join('')}`);
}

/** The one failure that a person must settle gets a way out: initdb insists on a name for the user it runs as. */
function toFailure(message: string): Error {
  const nameless = /could not look up effective user ID (\d+)/.exec(message);
  if (!nameless) return new Error(message);
  return new AppError(
    'unavailable',
    `PostgreSQL cannot create its cluster as user ${nameless[1]}, who has no entry in /etc/passwd. Add one, run as another user, or set DATABASE_URL to a PostgreSQL of your own (15 or newer).`,
    { cause: new Error(message) },
  );
}

/** Nothing of ours leaks into the server: no PG… variables, no secrets, no locale that may not exist. */
export function serverEnvironment(): Record<string, string> {
  const kept = ['PATH', 'SystemRoot', 'TEMP', 'TMP', 'LD_LIBRARY_PATH'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' };
}

import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '../../kit/errors.ts';
import { type Binaries, locateBinaries } from './binaries.ts';
import { canReach, findServerUser, isRoot, type OsUser } from './os-user.ts';

/** Where everything of one embedded cluster lies, and whom it runs as. */
export interface Place {
  readonly dataDir: string;
  readonly clusterDir: string;
  readonly logFile: string;
  readonly usersDir: string;
  /** Held for moments, by whoever starts, stops, joins or leaves. */
  readonly lockFile: string;
  /** Held for life by the one `serve`. */
  readonly serveLockFile: string;
  /** In every process title of this cluster: how its processes are found again. */
  readonly clusterName: string;
  /** What follows `-D`. */
  readonly clusterArgument: string;
  readonly socketDir: string | undefined;
  readonly password: string;
  readonly user: OsUser | undefined;
  readonly binaries: Binaries;
}

/** A socket's path has at most 107 bytes on Linux and 103 on macOS; the file's name takes 15 of them. */
const MAX_SOCKET_DIR_BYTES = 88;

export function preparePlace(dir: string): Place {
  mkdirSync(dir, { recursive: true });
  const dataDir = realpathSync(dir);
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  const clusterDir = join(dataDir, 'postgres');
  refuseForeign(clusterDir);
  const user = findServerUser(clusterDir);
  const reachable = canReach(dataDir, user);
  return {
    dataDir,
    clusterDir,
    logFile: join(dataDir, 'postgres.log'),
    usersDir: join(dataDir, 'users'),
    lockFile: join(dataDir, 'postgres.lock'),
    serveLockFile: join(dataDir, 'serve.lock'),
    clusterName: `weir-${hash}`,
    clusterArgument: reachable ? clusterDir : workingFolder(dataDir),
    socketDir: process.platform === 'win32' ? undefined : prepareSocketDir(dataDir, hash, reachable, user),
    password: readPassword(join(dataDir, 'postgres.password')),
    user,
    binaries: locateBinaries(user),
  };
}

/**
 * A data folder below one that the server's user cannot pass (such as /root): we enter the cluster's folder while
 * still root, and PostgreSQL names it through the link of its working directory, which is followed without walking
 * the folders above.
 */
function workingFolder(dataDir: string): string {
  if (process.platform === 'linux' && statSync('/proc/self/cwd', { throwIfNoEntry: false })) {
    return '/proc/self/cwd';
  }
  throw new AppError(
    'unavailable',
    `PostgreSQL cannot run as root, and the user "nobody" cannot reach ${dataDir}. Choose a DATA_DIR outside of private folders (for example /var/lib/weir), or run as an ordinary user.`,
  );
}

function refuseForeign(clusterDir: string): void {
  const owner = statSync(clusterDir, { throwIfNoEntry: false })?.uid;
  const own = process.getuid?.();
  if (owner === undefined || own === undefined || isRoot() || owner === own) return;
  throw new AppError(
    'unavailable',
    `${clusterDir} belongs to user ${owner}, but this process runs as user ${own}. Start as the user who created it (or as root), or give the whole folder to this one with chown -R.`,
  );
}

function prepareSocketDir(
  dataDir: string,
  hash: string,
  reachable: boolean,
  user: OsUser | undefined,
): string {
  const inside = join(dataDir, 'socket');
  const fits = (path: string) => Buffer.byteLength(path) <= MAX_SOCKET_DIR_BYTES;
  const short = join(tmpdir(), `weir-${hash}`);
  // PostgreSQL splits the setting at commas and reads quotes in it.
  const plain = !/[,"'\\]/.test(inside) && !inside.includes('%');
  const dir = reachable && plain && fits(inside) ? inside : fits(short) ? short : `/tmp/weir-${hash}`;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const found = lstatSync(dir);
  const owner = user?.uid ?? process.getuid?.();
  if (!found.isDirectory() || (found.uid !== owner && !(isRoot() && found.uid === 0))) {
    throw new AppError(
      'unavailable',
      `The folder for PostgreSQL's socket, ${dir}, belongs to somebody else. Remove it, or choose another DATA_DIR.`,
    );
  }
  if (user) chownSync(dir, user.uid, user.gid);
  chmodSync(dir, 0o700);
  return dir;
}

/** Nothing stays behind among the temporary files; a folder inside the data folder may stay. */
export function removeSocketDir(place: Place): void {
  if (place.socketDir === undefined || place.socketDir.startsWith(place.dataDir)) return;
  try {
    rmdirSync(place.socketDir);
  } catch {
    // Not empty or not ours: harmless where it is.
  }
}

/** Even behind a private socket folder a password stands: as root the server shares the user nobody with others. */
function readPassword(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })) {
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, randomBytes(24).toString('base64url'), { mode: 0o600 });
    try {
      linkSync(draft, path);
    } catch (error) {
      // A process that started at the same time wrote it first: both go on with that one.
      if (!statSync(path, { throwIfNoEntry: false })) throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }
  return readFileSync(path, 'utf8').trim();
}

/** Gives a folder and all below it to the server's user. */
export function giveTo(dir: string, user: OsUser | undefined): void {
  if (!user) return;
  chownSync(dir, user.uid, user.gid);
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) giveTo(path, user);
    else if (!entry.isSymbolicLink()) chownSync(path, user.uid, user.gid);
  }
}

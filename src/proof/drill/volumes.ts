import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(1024 * 1024);
const LEAST_CHUNK = 4_096;
const FILLER = 'filler';

/** A small volume in memory, of a process that has mounts of its own. */
export interface Volume {
  readonly dir: string;
  /** Takes all that is free, and again what was given free since. */
  readonly fill: () => void;
  readonly free: () => void;
}

export function mountVolume(dir: string, sizeMb: number): Volume {
  mkdirSync(dir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMb}m,mode=0755`, 'none', dir]);
  const filler = join(dir, FILLER);
  return {
    dir,
    fill: () => fillWith(filler),
    free: () => rmSync(filler, { force: true }),
  };
}

function fillWith(path: string): void {
  const file = openSync(path, 'a');
  try {
    for (let size = CHUNK.length; size >= LEAST_CHUNK; ) {
      try {
        // A write that finds room for a part of it ends short; the next one finds none.
        writeSync(file, CHUNK, 0, size);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        size >>= 1;
      }
    }
  } finally {
    closeSync(file);
  }
}

/** Puts the log of a PostgreSQL that does not run on a volume of its own, by a link, as an administrator does. */
export function moveWal(dataDir: string, sizeMb: number): Volume {
  const volume = mountVolume(join(dataDir, 'wal'), sizeMb);
  const wal = join(dataDir, 'postgres', 'pg_wal');
  execFileSync('cp', ['-a', wal, join(volume.dir, 'pg_wal')]);
  rmSync(wal, { recursive: true });
  // Relative: PostgreSQL's user may not pass the folders above.
  symlinkSync('../wal/pg_wal', wal);
  return volume;
}

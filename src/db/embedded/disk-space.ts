import { statfsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../kit/errors.ts';

const MB = 1024 * 1024;
/** A segment of PostgreSQL's log: with less than that left, it ends itself at the next one. */
export const LOW_DISK_BYTES = 16 * MB;
/** Not even a table can grow. */
export const FULL_DISK_BYTES = MB;

interface FullDisk {
  readonly dir: string;
  readonly freeBytes: number;
}

/** Which volume under this DATA_DIR has less than that left: its own, or that of PostgreSQL's log, which may be another one. */
export function findFullDisk(dataDir: string, leastBytes: number): FullDisk | undefined {
  for (const dir of [dataDir, join(dataDir, 'postgres', 'pg_wal')]) {
    const freeBytes = readFreeBytes(dir);
    if (freeBytes !== undefined && freeBytes < leastBytes) return { dir, freeBytes };
  }
  return undefined;
}

function readFreeBytes(dir: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(dir);
    return bavail * bsize;
  } catch {
    // Not made yet, or not ours to see.
    return undefined;
  }
}

/** What a person is told instead of `error` where the disk is full; `error` itself where it is not, or says enough. */
export function explainFullDisk(error: unknown, dataDir: string): unknown {
  if (error instanceof AppError) return error;
  const full = findFullDisk(dataDir, LOW_DISK_BYTES);
  if (!full) return error;
  const free = (full.freeBytes / MB).toFixed(1);
  return new AppError(
    'unavailable',
    `PostgreSQL has no room to work: the disk of ${full.dir} is full (${free} MB free). Everything that was acknowledged is there. Free space on it by removing other files, never one below ${join(dataDir, 'postgres')}; a server that still runs goes on by itself then, one that ended is started again.`,
    { cause: error },
  );
}

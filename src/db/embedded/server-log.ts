import {
  closeSync,
  copyFileSync,
  fstatSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  truncateSync,
} from 'node:fs';

const MAX_LOG_BYTES = 8 * 1024 * 1024;

/**
 * Keeps PostgreSQL's log and one older part of it below 8 MB each. The server appends to the open file, so it is
 * copied and emptied rather than renamed; lines written between the two steps are lost, which a log may.
 */
export function boundLog(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < MAX_LOG_BYTES) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

/** The log's last lines, for an error message. */
export function readLogTail(path: string, maxBytes = 2_000): string {
  if (!statSync(path, { throwIfNoEntry: false })) return '';
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    if (size <= maxBytes) return readFileSync(file, 'utf8').trim();
    const tail = Buffer.alloc(maxBytes);
    const read = readSync(file, tail, 0, maxBytes, size - maxBytes);
    const text = tail.toString('utf8', 0, read);
    return text.slice(text.indexOf('\n') + 1).trim();
  } finally {
    closeSync(file);
  }
}

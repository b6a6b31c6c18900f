import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { AppError } from '../../kit/errors.ts';

/** A longer line is no request any more: Apache and nginx cut theirs at 8 KB each. */
export const MAX_LINE_BYTES = 65_536;
const CHUNK_BYTES = 262_144;
const NEWLINE = 10;
const RETURN = 13;

export interface RawLine {
  /** Holds the line from `from` to `to`, without its line end. Valid until the next chunk is asked for. */
  readonly source: Buffer;
  readonly from: number;
  /** Of a line longer than `MAX_LINE_BYTES` only so many are there. */
  readonly to: number;
  /** As it stands in the file. */
  readonly length: number;
}

export interface LineChunk {
  readonly lines: readonly RawLine[];
  /** Bytes of the file (packed, if it is) read so far. */
  readonly bytesRead: number;
}

export interface LogFile {
  readonly path: string;
  /** Bytes when it was opened: what a server appends meanwhile is for the next import. */
  readonly size: number;
  readonly packed: boolean;
}

/** Tells gzip by its first two bytes, not by the name. */
export async function openLogFile(path: string): Promise<LogFile> {
  const file = await open(path).catch((cause: unknown) => {
    throw new AppError('not_found', `The log ${path} cannot be opened.`, { cause });
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new AppError('invalid', `The log ${path} is not a file.`);
    const head = Buffer.alloc(2);
    await file.read(head, 0, 2, 0);
    return { path, size: stat.size, packed: head[0] === 0x1f && head[1] === 0x8b };
  } finally {
    await file.close();
  }
}

/** The unpacked lines, chunk by chunk, as fast as they are asked for; `onContent` sees every unpacked byte in order. */
export async function* readLines(
  file: LogFile,
  onContent?: (chunk: Buffer) => void,
): AsyncGenerator<LineChunk, void, undefined> {
  if (file.size === 0) return;
  const split = createLineSplitter();
  for await (const { chunk, bytesRead } of readContent(file)) {
    onContent?.(chunk);
    yield { lines: split.push(chunk), bytesRead };
  }
  yield { lines: split.end(), bytesRead: file.size };
}

async function* readContent(file: LogFile): AsyncGenerator<{ chunk: Buffer; bytesRead: number }> {
  const source = createReadStream(file.path, { end: file.size - 1, highWaterMark: CHUNK_BYTES });
  if (!file.packed) {
    for await (const chunk of source as AsyncIterable<Buffer>) yield { chunk, bytesRead: source.bytesRead };
    return;
  }
  const unpacked = createGunzip({ chunkSize: CHUNK_BYTES });
  const stop = new AbortController();
  const done = pipeline(source, unpacked, { signal: stop.signal, end: true });
  // Its failure reaches the loop below through `unpacked` as well.
  done.catch(() => undefined);
  try {
    for await (const chunk of unpacked as AsyncIterable<Buffer>) yield { chunk, bytesRead: source.bytesRead };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('invalid', `The packed log ${file.path} is damaged: ${why}.`, { cause });
  } finally {
    stop.abort();
  }
}

function createLineSplitter() {
  // The line that goes on in the next chunk: what is kept of it, and how long it is.
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let length = 0;

  function keep(part: Buffer): void {
    length += part.length;
    const room = MAX_LINE_BYTES - keptBytes;
    if (room <= 0 || part.length === 0) return;
    // A copy: a view would hold the whole chunk, and the stream may use it again.
    const copy = Buffer.from(part.subarray(0, room));
    kept.push(copy);
    keptBytes += copy.length;
  }

  function take(chunk: Buffer, from: number, to: number): RawLine {
    if (length === 0) return toLine(chunk, from, to, to - from);
    keep(chunk.subarray(from, to));
    const whole = kept.length === 1 ? kept[0]! : Buffer.concat(kept);
    const line = toLine(whole, 0, whole.length, length);
    kept = [];
    keptBytes = 0;
    length = 0;
    return line;
  }

  return {
    push: (chunk: Buffer): RawLine[] => {
      const lines: RawLine[] = [];
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        lines.push(take(chunk, from, at));
        from = at + 1;
      }
      keep(chunk.subarray(from));
      return lines;
    },
    end: (): RawLine[] => (length > 0 ? [take(Buffer.alloc(0), 0, 0)] : []),
  };
}

function toLine(source: Buffer, from: number, end: number, length: number): RawLine {
  if (length > MAX_LINE_BYTES) return { source, from, to: from + MAX_LINE_BYTES, length };
  const to = end > from && source[end - 1] === RETURN ? end - 1 : end;
  return { source, from, to, length };
}

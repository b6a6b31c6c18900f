import type { BadLine } from './imports.queries.ts';
import { createBatch, type LineBatch, MOST_EVENTS } from './line-batch.ts';
import { createLineIds } from './line-ids.ts';
import { type LogFile, MAX_LINE_BYTES, type RawLine, readLines } from './line-reader.ts';
import { createLineScanner } from './line-scanner.ts';
import { createMatcher, type ImportRule } from './rules.ts';

export interface ReadOptions {
  readonly file: LogFile;
  readonly rules: readonly ImportRule[];
  readonly idKey: Uint8Array;
}

const FIRST_EVENTS = 2_000;

/**
 * The log from its first line to its last, as far as it can be told without knowing what was written before: which lines
 * are events of what, their ids and texts, and which are bad. Batches grow with the log, as larger ones cost a row less.
 */
export async function* readBatches({ file, rules, idKey }: ReadOptions): AsyncGenerator<LineBatch> {
  const match = createMatcher(rules);
  const scanner = createLineScanner();
  const lineIds = createLineIds(idKey);
  const reached = { lines: 0, events: 0, parked: 0, passedOver: 0 };
  const begin = () =>
    createBatch(Math.min(Math.max(FIRST_EVENTS, reached.events >> 2), MOST_EVENTS), lineIds);
  let batch = begin();

  function readLine(raw: RawLine): ReturnType<typeof scanner.read> | undefined {
    if (raw.length > MAX_LINE_BYTES) return { problem: 'longer than 64 KB' };
    return raw.from === raw.to ? undefined : scanner.read(raw);
  }

  function addLine(raw: RawLine): void {
    reached.lines += 1;
    const request = readLine(raw);
    if (request && 'problem' in request) {
      reached.parked += 1;
      batch.addBad(toBadLine(raw, reached.lines, request.problem), raw.to - raw.from);
      return;
    }
    const matched = request && match(request);
    if (matched) {
      reached.events += 1;
      batch.addEvent(raw, reached.lines, request.at, matched, scanner.fields());
    } else reached.passedOver += 1;
  }

  function take(bytesRead: number): LineBatch {
    const taken = batch.finish({ ...reached }, bytesRead);
    batch = begin();
    return taken;
  }

  for await (const chunk of readLines(file)) {
    for (const raw of chunk.lines) {
      addLine(raw);
      if (batch.isFull()) yield take(chunk.bytesRead);
    }
    // Logs without events move on as well, and a long replay shows that it lives.
    if (batch.isEmpty()) yield take(chunk.bytesRead);
  }
  yield take(file.size);
}

function toBadLine(raw: RawLine, number: number, why: string): BadLine {
  const bytes = raw.source.subarray(raw.from, raw.to);
  const cut = raw.length > MAX_LINE_BYTES ? { bytes: raw.length, truncated: true } : {};
  return {
    number,
    reason: 'unreadable_line',
    detail: `line ${number}: ${why}`,
    payload: { ...toLossless(bytes), ...cut },
  };
}

/** Text where text can hold it: jsonb knows no NUL, and decoding must give the same bytes back. */
function toLossless(bytes: Buffer): { line: string; encoding: 'utf8' | 'base64' } {
  const text = bytes.toString('utf8');
  const lossless = !bytes.includes(0) && Buffer.from(text, 'utf8').equals(bytes);
  return lossless ? { line: text, encoding: 'utf8' } : { line: bytes.toString('base64'), encoding: 'base64' };
}

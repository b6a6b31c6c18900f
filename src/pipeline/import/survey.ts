import { createHash } from 'node:crypto';
import { AppError } from '../../kit/errors.ts';
import { type LogFile, MAX_LINE_BYTES, readLines } from './line-reader.ts';
import { createLineScanner } from './line-scanner.ts';
import type { Matcher } from './rules.ts';

/** A server that answers 200 to every made-up path would make a campaign of each; further titles share one. */
const MAX_TITLES = 500;
export const OTHER_TITLE = '(other paths)';

export interface Range {
  firstAt: number;
  lastAt: number;
}

export interface Survey {
  /** SHA-256 of the unpacked content. */
  readonly fingerprint: Buffer;
  readonly lines: number;
  /** Titles and ids that the rules name, in the order of their first line, with the times of their events. */
  readonly campaigns: ReadonlyMap<string | number, Range>;
}

/**
 * Reads the log once before anything is written: what it is (so that no log counts twice, packed or under another name),
 * which campaigns it needs and from when to when. It costs one reading, a fraction of what writing the events does.
 */
export async function surveyLog(
  file: LogFile,
  match: Matcher,
  signal: AbortSignal,
  onChunk: (lines: number, bytesRead: number) => void,
): Promise<Survey | undefined> {
  const hash = createHash('sha256');
  const campaigns = new Map<string | number, Range>();
  const scanner = createLineScanner();
  let lines = 0;
  let readable = 0;
  let filled = 0;
  for await (const chunk of readLines(file, (bytes) => hash.update(bytes))) {
    if (signal.aborted) return undefined;
    for (const raw of chunk.lines) {
      lines += 1;
      if (raw.length === 0) continue;
      filled += 1;
      const request = raw.length > MAX_LINE_BYTES ? undefined : scanner.read(raw);
      if (!request || 'problem' in request) continue;
      readable += 1;
      const matched = match(request);
      if (matched) widen(campaigns, matched.campaign, request.at);
    }
    onChunk(lines, chunk.bytesRead);
  }
  if (filled > 0 && readable === 0) {
    throw new AppError(
      'invalid',
      `None of the ${filled} lines of ${file.path} is in the combined log format of Apache and nginx; nothing was imported.`,
    );
  }
  return { fingerprint: hash.digest(), lines, campaigns };
}

function widen(campaigns: Map<string | number, Range>, named: string | number, at: number): void {
  const full = typeof named === 'string' && !campaigns.has(named) && campaigns.size >= MAX_TITLES;
  const key = full ? OTHER_TITLE : named;
  const range = campaigns.get(key);
  if (!range) campaigns.set(key, { firstAt: at, lastAt: at });
  else {
    range.firstAt = Math.min(range.firstAt, at);
    range.lastAt = Math.max(range.lastAt, at);
  }
}

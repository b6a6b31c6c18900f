import type { RawLine } from './line-reader.ts';
import { type LogLine, parseLogLine, parseTime, TIME_LENGTH } from './log-line.ts';

/** What the rules ask for, before the rest of a line is cut out of it. */
export type Request = Pick<LogLine, 'method' | 'target' | 'status'>;
export type ScannedRequest = Request & Pick<LogLine, 'at'>;
type Client = Pick<LogLine, 'host' | 'referrer' | 'userAgent'>;

export interface LineScanner {
  /** As `parseLogLine`, but for the client's fields, which most lines are passed over without. */
  readonly read: (raw: RawLine) => ScannedRequest | { readonly problem: string };
  /** Of the line read last; its bytes must still be there. */
  readonly client: () => Client;
}

const PLAIN = 0;
const BLANK = 1;
const QUOTE = 2;
const ODD = 3;
/** Odd is what needs more than cutting: controls, escapes, bytes beyond ASCII. A line feed too, so scans end at it. */
const KINDS = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === 0x20) return BLANK;
  if (code === 0x22) return QUOTE;
  return code < 0x20 || code === 0x5c || code >= 0x7f ? ODD : PLAIN;
});
/** No field of a shorter line is cut. */
const LONG_LINE = 2_048;
const DAY_LENGTH = '17/May/2015'.length;
const HTTP = [0x48, 0x54, 0x54, 0x50, 0x2f];

/**
 * Reads plain lines byte by byte where they lie, and gives any other to `parseLogLine`: the two agree on every line, and
 * only that one says what is wrong. Three to four times as fast on the sample, most of whose lines come to nothing.
 */
export function createLineScanner(): LineScanner {
  const readTime = createTimeReader();
  let source: Buffer = Buffer.alloc(0);
  let hostAt = 0;
  let hostEnd = 0;
  let referrerAt = 0;
  let referrerEnd = 0;
  let agentAt = 0;
  let agentEnd = 0;
  let parsed: LogLine | undefined;

  function scan({ from, to }: RawLine): ScannedRequest | undefined {
    hostAt = from;
    hostEnd = endOfWord(source, from);
    const timeAt = hostEnd > from && source[hostEnd] === 0x20 ? findTime(source, hostEnd, to) : -1;
    if (timeAt < 0) return undefined;
    const at = readTime(source, timeAt);
    if (Number.isNaN(at)) return undefined;

    const requestAt = timeAt + TIME_LENGTH + 3;
    const methodEnd = endOfWord(source, requestAt);
    const requestEnd = endOfField(source, requestAt);
    let version = requestEnd - 1;
    while (version > methodEnd && source[version] !== 0x20) version -= 1;
    if (source[requestEnd] !== 0x22 || methodEnd === requestAt || version <= methodEnd) return undefined;
    if (!HTTP.every((code, index) => source[version + 1 + index] === code)) return undefined;

    const status = digit(source, requestEnd + 2) * 100 + twoDigits(source, requestEnd + 3);
    const sizeEnd = endOfWord(source, requestEnd + 6);
    if (source[requestEnd + 1] !== 0x20 || source[requestEnd + 5] !== 0x20) return undefined;
    if (!(status >= 100 && status < 600) || !isSize(source, requestEnd + 6, sizeEnd)) return undefined;
    referrerAt = sizeEnd + 2;
    referrerEnd = endOfField(source, referrerAt);
    agentAt = referrerEnd + 3;
    if (source[sizeEnd] !== 0x20 || source[sizeEnd + 1] !== 0x22) return undefined;
    if (source[referrerEnd] !== 0x22 || source[referrerEnd + 1] !== 0x20) return undefined;
    agentEnd = endOfField(source, agentAt);
    if (source[referrerEnd + 2] !== 0x22 || source[agentEnd] !== 0x22 || agentEnd >= to) return undefined;
    return {
      at,
      method: isGet(source, requestAt, methodEnd) ? 'GET' : source.toString('latin1', requestAt, methodEnd),
      target: source.toString('latin1', methodEnd + 1, version),
      status,
    };
  }

  return {
    read: (raw) => {
      source = raw.source;
      parsed = undefined;
      const found = raw.to - raw.from < LONG_LINE ? scan(raw) : undefined;
      if (found) return found;
      const slow = parseLogLine(source.subarray(raw.from, raw.to));
      if ('problem' in slow) return slow;
      parsed = slow.line;
      return slow.line;
    },
    client: () =>
      parsed ?? {
        host: source.toString('latin1', hostAt, hostEnd),
        referrer: toField(source, referrerAt, referrerEnd),
        userAgent: toField(source, agentAt, agentEnd),
      },
  };
}

/** Milliseconds since the epoch, or NaN; the lines of a day stand together, so its date is read once. */
function createTimeReader(): (source: Buffer, from: number) => number {
  const day = Buffer.alloc(DAY_LENGTH);
  let dayAt = Number.NaN;
  return (source, from) => {
    for (let index = 0; index < DAY_LENGTH; index += 1) {
      if (source[from + index] === day[index]) continue;
      source.copy(day, 0, from, from + DAY_LENGTH);
      dayAt = parseTime(`${day.toString('latin1')}:00:00:00 +0000`) ?? Number.NaN;
      break;
    }
    const hour = twoDigits(source, from + 12);
    const minute = twoDigits(source, from + 15);
    const second = twoDigits(source, from + 18);
    const zoneMinute = twoDigits(source, from + 24);
    const zone = twoDigits(source, from + 22) * 60 + zoneMinute;
    const sign = source[from + 21];
    if (source[from + 11] !== 0x3a || source[from + 14] !== 0x3a || source[from + 17] !== 0x3a)
      return Number.NaN;
    if (source[from + 20] !== 0x20 || (sign !== 0x2b && sign !== 0x2d)) return Number.NaN;
    // As in `parseTime`; what is no number fits no limit.
    if (!(hour <= 23 && minute <= 59 && second <= 60 && zoneMinute <= 59 && zone <= 15 * 60))
      return Number.NaN;
    const local = dayAt + ((hour * 60 + minute) * 60 + second) * 1_000;
    return local - (sign === 0x2d ? -zone : zone) * 60_000;
  };
}

/** Where the time begins, after its bracket; -1 where that needs a closer look. */
function findTime(source: Buffer, from: number, to: number): number {
  const last = to - TIME_LENGTH - 5;
  for (let at = from; at <= last; at += 1) {
    const code = source[at]!;
    if (KINDS[code] === ODD) return -1;
    if (code !== 0x20 || source[at + 1] !== 0x5b) continue;
    const end = at + 2 + TIME_LENGTH;
    if (source[end] === 0x5d && source[end + 1] === 0x20 && source[end + 2] === 0x22) return at + 2;
  }
  return -1;
}

function endOfWord(source: Buffer, from: number): number {
  let at = from;
  while (at < source.length && KINDS[source[at]!] === PLAIN) at += 1;
  return at;
}

function endOfField(source: Buffer, from: number): number {
  let at = from;
  while (at < source.length && KINDS[source[at]!]! < QUOTE) at += 1;
  return at;
}

function isSize(source: Buffer, from: number, to: number): boolean {
  if (to - from === 1 && source[from] === 0x2d) return true;
  for (let at = from; at < to; at += 1) if (Number.isNaN(digit(source, at))) return false;
  return to > from && to - from <= 19;
}

function isGet(source: Buffer, from: number, to: number): boolean {
  return to - from === 3 && source[from] === 0x47 && source[from + 1] === 0x45 && source[from + 2] === 0x54;
}

/** NaN of anything else. */
function digit(source: Buffer, at: number): number {
  const value = source[at]! - 0x30;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function twoDigits(source: Buffer, at: number): number {
  return digit(source, at) * 10 + digit(source, at + 1);
}

function toField(source: Buffer, from: number, to: number): string | undefined {
  if (to === from || (to - from === 1 && source[from] === 0x2d)) return undefined;
  return source.toString('latin1', from, to);
}

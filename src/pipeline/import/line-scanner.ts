import type { RawLine } from './line-reader.ts';
import { type LogLine, parseLogLine, parseTime, TIME_LENGTH } from './log-line.ts';

/** What the rules ask for, before the rest of a line is cut out of it. */
export type Request = Pick<LogLine, 'method' | 'target' | 'status'>;
export type ScannedRequest = Request & Pick<LogLine, 'at'>;

/** Where the fields of a line that its event is made of lie, as UTF-8; one that ends where it begins is not there. */
export interface LineFields {
  source: Buffer;
  hostAt: number;
  hostEnd: number;
  targetAt: number;
  targetEnd: number;
  referrerAt: number;
  referrerEnd: number;
  agentAt: number;
  agentEnd: number;
}

export interface LineScanner {
  /** As `parseLogLine`, but for the client's fields, which most lines are passed over without. */
  readonly read: (raw: RawLine) => ScannedRequest | { readonly problem: string };
  /** Of the line read last, until the next one is; its bytes must still be there. */
  readonly fields: () => Readonly<LineFields>;
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
  const fields = createFields();
  let parsed: LogLine | undefined;

  return {
    read: (raw) => {
      parsed = undefined;
      const { source, from, to } = raw;
      const found = to - from < LONG_LINE ? scan(raw, fields, readTime) : undefined;
      if (found) return found;
      const slow = parseLogLine(source.subarray(from, to));
      if ('problem' in slow) return slow;
      parsed = slow.line;
      return slow.line;
    },
    fields: () => {
      if (parsed) encodeFields(parsed, fields);
      return fields;
    },
  };
}

/** Undefined where the line is not plain; then `fields` are as they were. */
function scan(
  { source, from, to }: RawLine,
  fields: LineFields,
  readTime: TimeReader,
): ScannedRequest | undefined {
  const hostEnd = endOfWord(source, from);
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
  if (!isHttp(source, version + 1)) return undefined;

  const status = digit(source, requestEnd + 2) * 100 + twoDigits(source, requestEnd + 3);
  const sizeEnd = endOfWord(source, requestEnd + 6);
  if (source[requestEnd + 1] !== 0x20 || source[requestEnd + 5] !== 0x20) return undefined;
  if (!(status >= 100 && status < 600) || !isSize(source, requestEnd + 6, sizeEnd)) return undefined;
  const referrerAt = sizeEnd + 2;
  const referrerEnd = endOfField(source, referrerAt);
  const agentAt = referrerEnd + 3;
  if (source[sizeEnd] !== 0x20 || source[sizeEnd + 1] !== 0x22) return undefined;
  if (source[referrerEnd] !== 0x22 || source[referrerEnd + 1] !== 0x20) return undefined;
  const agentEnd = endOfField(source, agentAt);
  if (source[referrerEnd + 2] !== 0x22 || source[agentEnd] !== 0x22 || agentEnd >= to) return undefined;
  fields.source = source;
  fields.hostAt = from;
  fields.hostEnd = hostEnd;
  fields.targetAt = methodEnd + 1;
  fields.targetEnd = version;
  fields.referrerAt = referrerAt;
  fields.referrerEnd = isDash(source, referrerAt, referrerEnd) ? referrerAt : referrerEnd;
  fields.agentAt = agentAt;
  fields.agentEnd = isDash(source, agentAt, agentEnd) ? agentAt : agentEnd;
  return {
    at,
    method: isGet(source, requestAt, methodEnd) ? 'GET' : source.toString('latin1', requestAt, methodEnd),
    target: source.toString('latin1', methodEnd + 1, version),
    status,
  };
}

function createFields(): LineFields {
  const nowhere = { hostAt: 0, hostEnd: 0, targetAt: 0, targetEnd: 0 };
  return { source: Buffer.alloc(0), ...nowhere, referrerAt: 0, referrerEnd: 0, agentAt: 0, agentEnd: 0 };
}

/** What stood escaped, cut or in another encoding in its line. */
function encodeFields({ host, target, referrer = '', userAgent = '' }: LogLine, fields: LineFields): void {
  fields.source = Buffer.from(host + target + referrer + userAgent);
  fields.hostAt = 0;
  fields.hostEnd = Buffer.byteLength(host);
  fields.targetAt = fields.hostEnd;
  fields.targetEnd = fields.targetAt + Buffer.byteLength(target);
  fields.referrerAt = fields.targetEnd;
  fields.referrerEnd = fields.referrerAt + Buffer.byteLength(referrer);
  fields.agentAt = fields.referrerEnd;
  fields.agentEnd = fields.source.length;
}

/** Milliseconds since the epoch, or NaN. */
type TimeReader = (source: Buffer, from: number) => number;

/** The lines of a day stand together, so its date is read once. */
function createTimeReader(): TimeReader {
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
  if (isDash(source, from, to)) return true;
  for (let at = from; at < to; at += 1) if (Number.isNaN(digit(source, at))) return false;
  return to > from && to - from <= 19;
}

function isHttp(source: Buffer, from: number): boolean {
  for (let index = 0; index < HTTP.length; index += 1) if (source[from + index] !== HTTP[index]) return false;
  return true;
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

/** How the format writes that there is none. */
function isDash(source: Buffer, from: number, to: number): boolean {
  return to - from === 1 && source[from] === 0x2d;
}

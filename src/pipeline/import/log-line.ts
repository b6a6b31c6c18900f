/** One request as the combined log format tells it (https://httpd.apache.org/docs/2.4/logs.html#combined). */
export interface LogLine {
  /** The client: an address, or a name where the server looked names up. */
  readonly host: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Empty where the client sent no HTTP at all. */
  readonly method: string;
  /** As requested, with its query. */
  readonly target: string;
  readonly status: number;
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
}

export type ParsedLine = { readonly line: LogLine } | { readonly problem: string };

export const TIME_LENGTH = '17/May/2015:10:05:03 +0000'.length;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const TIME = /^(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)$/;
const STATUS = /^[1-5]\d\d$/;
const SIZE = /^(?:\d{1,19}|-)$/;
const ESCAPE = /\\(?:(["\\])|x([0-9a-fA-F]{2}))/g;
// The stores take any length; nobody reads more of a header than this.
const FIELD_LENGTH = 2_048;
const EMPTY = '-';
const LONG_LINE = 1_024;

/**
 * Reads one line without its line end. Every step looks at a character once, so time is linear in the line whatever it
 * holds. Bytes that are no UTF-8 become U+FFFD: an odd agent does not make a visit unreadable.
 */
export function parseLogLine(bytes: Buffer): ParsedLine {
  const text = bytes.toString('utf8');
  const hostEnd = text.indexOf(' ');
  if (hostEnd <= 0) return { problem: 'no client address' };
  const timeAt = findTime(text, hostEnd);
  if (timeAt < 0) return { problem: 'no [day/Mon/year:hh:mm:ss +zone]' };
  const at = parseTime(text.slice(timeAt, timeAt + TIME_LENGTH));
  if (at === undefined) return { problem: 'no such date or time' };

  const requestAt = timeAt + TIME_LENGTH + 2;
  const requestEnd = findClosingQuote(text, requestAt);
  if (requestEnd < 0) return { problem: 'no "request"' };
  const statusEnd = endOfWord(text, requestEnd + 2);
  const status = text.slice(requestEnd + 2, statusEnd);
  if (!STATUS.test(status)) return { problem: 'no status' };
  const sizeEnd = endOfWord(text, statusEnd + 1);
  if (!SIZE.test(text.slice(statusEnd + 1, sizeEnd))) return { problem: 'no size' };
  const referrerEnd = findClosingQuote(text, sizeEnd + 1);
  if (referrerEnd < 0) return { problem: 'no "referrer": not the combined format?' };
  const agentEnd = findClosingQuote(text, referrerEnd + 2);
  if (agentEnd < 0) return { problem: 'no "user agent": not the combined format?' };

  // V8's slice of a text keeps the whole text: caches of agents would hold every long line they ever met.
  const own = (from: number, to: number) =>
    text.length > LONG_LINE ? Buffer.from(text.slice(from, to)).toString() : text.slice(from, to);
  const { method, target } = parseRequest(undoEscapes(own(requestAt + 1, requestEnd)));
  return {
    line: {
      host: own(0, hostEnd),
      at,
      method,
      target,
      status: Number(status),
      referrer: toField(own(sizeEnd + 2, referrerEnd)),
      userAgent: toField(own(referrerEnd + 3, agentEnd)),
    },
  };
}

/** Where the time begins, after its bracket. The user before it may hold blanks and brackets of its own. */
function findTime(text: string, from: number): number {
  for (let at = text.indexOf(' [', from); at >= 0; at = text.indexOf(' [', at + 1)) {
    if (text.startsWith('] "', at + 2 + TIME_LENGTH)) return at + 2;
  }
  return -1;
}

export function parseTime(text: string): number | undefined {
  const match = TIME.exec(text);
  if (!match) return undefined;
  const [day, year, hour, minute, second] = [1, 3, 4, 5, 6].map((group) => Number(match[group]));
  const month = MONTHS.indexOf(match[2]!);
  const zone = Number(match[8]) * 60 + Number(match[9]);
  // 60 is a leap second; it counts as the second after.
  if (month < 0 || hour! > 23 || minute! > 59 || second! > 60 || Number(match[9]) > 59 || zone > 15 * 60)
    return undefined;
  const utc = new Date(Date.UTC(year!, month, day!));
  if (year! < 1970 || utc.getUTCDate() !== day! || utc.getUTCMonth() !== month) return undefined;
  const local = utc.getTime() + ((hour! * 60 + minute!) * 60 + second!) * 1_000;
  return local - (match[7] === '-' ? -zone : zone) * 60_000;
}

/** The index of the quote that closes the one at `from`, or -1. */
function findClosingQuote(text: string, from: number): number {
  if (text[from] !== '"') return -1;
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at;
  }
  return -1;
}

function endOfWord(text: string, from: number): number {
  const end = text.indexOf(' ', from);
  return end < 0 ? text.length : end;
}

function parseRequest(request: string): { method: string; target: string } {
  const methodEnd = request.indexOf(' ');
  if (methodEnd <= 0) return { method: '', target: '' };
  const version = request.lastIndexOf(' HTTP/');
  const target = request.slice(methodEnd + 1, version > methodEnd ? version : request.length);
  return { method: request.slice(0, methodEnd), target: shorten(target) };
}

function toField(text: string): string | undefined {
  return text === EMPTY || text === '' ? undefined : shorten(undoEscapes(text));
}

function shorten(text: string): string {
  const short = text.length > FIELD_LENGTH ? text.slice(0, FIELD_LENGTH).toWellFormed() : text;
  // PostgreSQL's text has no NUL.
  return short.includes('\0') ? short.replaceAll('\0', '\ufffd') : short;
}

/** Undoes `\"`, `\\` (Apache) and `\x22` (nginx) where a printable character stands behind it; the rest stays as written. */
function undoEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(ESCAPE, (whole, plain: string | undefined, hex: string | undefined) => {
    if (plain !== undefined) return plain;
    const code = Number.parseInt(hex ?? '', 16);
    return code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : whole;
  });
}

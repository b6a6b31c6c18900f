const HEAD_LIMIT_BYTES = 64 * 1_024;
const KEPT_BODY_BYTES = 1_024 * 1_024;
const EMPTY: Buffer = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');

/** One HTTP/1.1 answer, as much of it as came. */
export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** Without its framing; at most 1 MB of it. */
  readonly body: Buffer;
  /** False where the connection ended inside the body. */
  readonly whole: boolean;
  /** Whether the connection may carry another request. */
  readonly reusable: boolean;
}

export interface AnswerReader {
  /** The answer, once its last byte is in. Throws an Error where this is no HTTP/1.1. */
  readonly push: (bytes: Buffer) => HttpAnswer | undefined;
  /**
   * The connection has ended, `cleanly` or by an error: an answer that a clean end delimits, the part of one that came, or
   * undefined before any head.
   */
  readonly end: (cleanly: boolean) => HttpAnswer | undefined;
}

interface Head {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly reusable: boolean;
  readonly framing: 'length' | 'chunked' | 'close';
}

interface Reading {
  /** What came and is not read yet. */
  pending: Buffer;
  head: Head | undefined;
  /** What comes next of the body; `left` counts the bytes of the first two. */
  next: 'data' | 'chunk' | 'chunk-end' | 'size' | 'trailer';
  left: number;
  parts: Buffer[];
  kept: number;
}

/**
 * Reads answers of one connection, one after the other (RFC 9112): Content-Length, chunked, delimited by the close, and
 * interim 1xx ones, which it skips. It knows no request, so answers to HEAD and CONNECT are not for it.
 */
export function createAnswerReader(): AnswerReader {
  const state: Reading = { pending: EMPTY, head: undefined, next: 'data', left: 0, parts: [], kept: 0 };
  return {
    push: (bytes) => {
      state.pending = state.pending.length === 0 ? bytes : Buffer.concat([state.pending, bytes]);
      if (!state.head && !readHead(state)) return undefined;
      return readBody(state) ? finish(state, true) : undefined;
    },
    end: (cleanly) => finish(state, cleanly && state.head?.framing === 'close'),
  };
}

function readHead(state: Reading): boolean {
  const end = state.pending.indexOf(HEAD_END);
  if (end < 0) {
    if (state.pending.length > HEAD_LIMIT_BYTES) throw new Error('head too long');
    return false;
  }
  const { length, ...head } = parseHead(state.pending.toString('latin1', 0, end));
  state.pending = state.pending.subarray(end + HEAD_END.length);
  if (head.status < 200) return readHead(state);
  state.head = head;
  state.next = head.framing === 'chunked' ? 'size' : 'data';
  state.left = head.framing === 'close' ? Number.POSITIVE_INFINITY : length;
  return true;
}

/** True once the body is whole. */
function readBody(state: Reading): boolean {
  if (state.head?.framing !== 'chunked') {
    take(state);
    return state.left === 0;
  }
  for (;;) {
    const step = stepChunked(state);
    if (step !== 'more') return step === 'done';
  }
}

/** One step further into a chunked body: `done`, `more` to read now, or `wait` for bytes. */
function stepChunked(state: Reading): 'done' | 'more' | 'wait' {
  if (state.next === 'chunk') {
    take(state);
    if (state.left > 0) return 'wait';
    state.next = 'chunk-end';
    return 'more';
  }
  const text = takeLine(state);
  if (text === undefined) return 'wait';
  if (state.next === 'trailer') return text === '' ? 'done' : 'more';
  if (state.next === 'chunk-end') {
    if (text !== '') throw new Error('chunk longer than its size');
    state.next = 'size';
    return 'more';
  }
  const size = /^([0-9a-f]{1,8})[ \t]*(;.*)?$/i.exec(text)?.[1];
  if (size === undefined) throw new Error('no chunk size');
  state.left = Number.parseInt(size, 16);
  state.next = state.left === 0 ? 'trailer' : 'chunk';
  return 'more';
}

function take(state: Reading): void {
  const part = state.pending.subarray(0, Math.min(state.left, state.pending.length));
  state.pending = state.pending.subarray(part.length);
  state.left -= part.length;
  if (state.kept + part.length <= KEPT_BODY_BYTES) state.parts.push(part);
  state.kept += part.length;
}

/** A line without its end, or undefined where it is not all there. */
function takeLine(state: Reading): string | undefined {
  const end = state.pending.indexOf('\r\n');
  if (end < 0) {
    if (state.pending.length > HEAD_LIMIT_BYTES) throw new Error('line too long');
    return undefined;
  }
  const text = state.pending.toString('latin1', 0, end);
  state.pending = state.pending.subarray(end + 2);
  return text;
}

function finish(state: Reading, whole: boolean): HttpAnswer | undefined {
  if (!state.head) return undefined;
  const { status, retryAfter, reusable } = state.head;
  const body = state.parts.length === 1 ? state.parts[0]! : Buffer.concat(state.parts);
  // Bytes after the end answer nothing that was asked: such a connection is not to be trusted with another request.
  const clean = whole && state.pending.length === 0;
  state.head = undefined;
  state.parts = [];
  state.kept = 0;
  return { status, retryAfter, body, whole, reusable: reusable && clean };
}

function parseHead(text: string): Head & { readonly length: number } {
  const lines = text.split('\r\n');
  const match = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0]!);
  if (!match) throw new Error('no HTTP/1 status line');
  const headers = new Map<string, string>();
  for (let at = 1; at < lines.length; at += 1) {
    const colon = lines[at]!.indexOf(':');
    if (colon < 1) throw new Error('a header without a name');
    headers.set(lines[at]!.slice(0, colon).toLowerCase(), lines[at]!.slice(colon + 1).trim());
  }
  const status = Number(match[2]);
  const framing = toFraming(status, headers);
  const length = Number(headers.get('content-length') ?? 0);
  if (!Number.isSafeInteger(length) || length < 0) throw new Error('no valid Content-Length');
  const connection = headers.get('connection')?.toLowerCase();
  const stays = match[1] === '1' ? connection !== 'close' : connection === 'keep-alive';
  return {
    status,
    retryAfter: headers.get('retry-after'),
    reusable: stays && framing !== 'close',
    framing,
    length: status === 204 || status === 304 ? 0 : length,
  };
}

/** RFC 9112, 6.3. */
function toFraming(status: number, headers: ReadonlyMap<string, string>): Head['framing'] {
  if (status === 204 || status === 304 || status < 200) return 'length';
  const coding = headers.get('transfer-encoding')?.toLowerCase();
  if (coding !== undefined) return coding.endsWith('chunked') ? 'chunked' : 'close';
  return headers.has('content-length') ? 'length' : 'close';
}

import { type Agent, type IncomingMessage, request } from 'node:http';
import type { Outcome } from './history.ts';

const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
/** 503 with one of these says that nothing was kept. */
const NOTHING_KEPT: readonly unknown[] = ['overloaded', 'unavailable'];

export interface Target {
  readonly url: string;
  readonly agent: Agent;
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly outcome: Outcome;
  /** Whether a well-behaved client sends it again under the same id. */
  readonly again: boolean;
  readonly retryAfterMs?: number | undefined;
  /** For the tally. */
  readonly what: string;
}

/** One try. Never rejects: a lost answer is an answer here. */
export function sendEvent(target: Target, body: string): Promise<Answer> {
  return new Promise((resolve) => {
    const { signal } = target;
    let connected = false;
    const end = (answer: Answer) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(answer);
    };
    const outgoing = request(`${target.url}/api/events`, {
      method: 'POST',
      agent: target.agent,
      headers: {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        'user-agent': USER_AGENT,
        ...(target.token !== undefined && { authorization: `Bearer ${target.token}` }),
      },
    });
    const giveUp = (what: string) => {
      end({ outcome: connected ? 'unknown' : 'fail', again: true, what });
      outgoing.destroy();
    };
    const abort = () => giveUp('aborted');
    // An own timer: the socket's one begins anew with each byte, and does not run while the agent's queue is waited for.
    const timer = setTimeout(() => giveUp('timeout'), target.timeoutMs);
    signal.addEventListener('abort', abort, { once: true });
    // From here on bytes may have left; before it, surely none.
    outgoing.on('socket', (socket) => {
      if (!socket.connecting) connected = true;
      else socket.once('connect', () => (connected = true));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) =>
      end({ outcome: connected ? 'unknown' : 'fail', again: true, what: error.code ?? error.message }),
    );
    outgoing.on('response', (incoming) => readAnswer(incoming, end));
    outgoing.end(body);
  });
}

function readAnswer(incoming: IncomingMessage, end: (answer: Answer) => void): void {
  const status = incoming.statusCode ?? 0;
  // The status is the promise; of a success, the body behind it says nothing new.
  if (status >= 200 && status < 300) {
    incoming.on('error', () => undefined).resume();
    incoming.on('close', () => end({ outcome: 'ok', again: false, what: String(status) }));
    return;
  }
  let text = '';
  incoming.setEncoding('utf8');
  incoming.on('data', (part: string) => (text += part));
  incoming.on('error', () => undefined);
  incoming.on('close', () => end(toAnswer(status, text, incoming.headers['retry-after'])));
}

function toAnswer(status: number, text: string, retryAfter: string | undefined): Answer {
  const code = readCode(text);
  const what = code === undefined ? String(status) : `${status} ${code}`;
  if (status < 500) return { outcome: 'fail', again: false, what };
  const nothingKept = status === 503 && NOTHING_KEPT.includes(code);
  const seconds = Number(retryAfter);
  return {
    outcome: nothingKept ? 'fail' : 'unknown',
    again: true,
    retryAfterMs: seconds > 0 ? seconds * 1_000 : undefined,
    what,
  };
}

function readCode(text: string): string | undefined {
  try {
    const { code } = JSON.parse(text) as { code?: unknown };
    return typeof code === 'string' ? code : undefined;
  } catch {
    // A proxy's page, or an answer that was cut off: the status is all there is.
    return undefined;
  }
}

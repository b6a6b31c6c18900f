import { createConnection, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { type AnswerReader, createAnswerReader, type HttpAnswer } from './load-answer.ts';

/** An answer, or why there is none; `sent` is false only where surely no byte of the request has left. */
export type Reply =
  | { readonly answer: HttpAnswer }
  | { readonly answer?: undefined; readonly lost: string; readonly sent: boolean };

export interface LoadClient {
  /** Sends one whole HTTP/1.1 request, of ASCII text. Never rejects: a lost answer is a reply here. */
  readonly send: (request: string) => Promise<Reply>;
  /** Requests that no socket was free for yet. */
  readonly waiting: () => number;
  readonly close: () => void;
}

export interface LoadClientOptions {
  readonly url: string;
  readonly sockets: number;
  /** Of one request, the wait for a socket and the connecting too. */
  readonly timeoutMs: number;
  /** Ends everything under way at once. */
  readonly signal: AbortSignal;
}

interface Try {
  readonly request: string;
  readonly resolve: (reply: Reply) => void;
  readonly timer: NodeJS.Timeout;
  connection: Connection | undefined;
  sent: boolean;
  over: boolean;
}

interface Connection {
  readonly socket: Socket;
  readonly reader: AnswerReader;
  current: Try | undefined;
  error: string | undefined;
}

interface Pool extends LoadClientOptions {
  readonly open: Set<Connection>;
  readonly idle: Connection[];
  readonly live: Set<Try>;
  readonly queue: ReturnType<typeof createQueue>;
  closed: boolean;
}

/**
 * Keep-alive connections over bare sockets, one request at a time on each. Not node:http: what decides between `unknown`
 * and `fail` is whether bytes may have left, which is one line here, and its client takes half as much of the processor
 * again for an event.
 */
export function createLoadClient(options: LoadClientOptions): LoadClient {
  const { signal, sockets, timeoutMs } = options;
  const pool: Pool = {
    ...options,
    open: new Set(),
    idle: [],
    live: new Set(),
    queue: createQueue(),
    closed: false,
  };
  const loseAll = (why: string) => {
    for (const one of pool.live) lose(pool, one, why);
  };
  const abort = () => loseAll('aborted');
  signal.addEventListener('abort', abort, { once: true });
  return {
    send: (request) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => lose(pool, one, 'timeout'), timeoutMs);
        const one: Try = { request, resolve, timer, connection: undefined, sent: false, over: false };
        pool.live.add(one);
        const free = pool.idle.pop();
        if (free) write(free, one);
        else if (pool.open.size < sockets) connect(pool, one);
        else pool.queue.put(one);
        if (signal.aborted) lose(pool, one, 'aborted');
      }),
    waiting: () => pool.queue.size(),
    close: () => {
      pool.closed = true;
      signal.removeEventListener('abort', abort);
      loseAll('closed');
      for (const { socket } of pool.open) socket.destroy();
    },
  };
}

function connect(pool: Pool, one: Try): void {
  const { socket, ready } = openSocket(pool.url);
  const connection: Connection = { socket, reader: createAnswerReader(), current: one, error: undefined };
  one.connection = connection;
  pool.open.add(connection);
  socket.setNoDelay(true);
  socket.once(ready, () => {
    if (connection.current) write(connection, connection.current);
  });
  socket.on('data', (bytes: Buffer) => read(pool, connection, bytes));
  socket.on('error', (error: NodeJS.ErrnoException) => (connection.error = error.code ?? error.message));
  socket.once('close', () => drop(pool, connection));
}

function write(connection: Connection, one: Try): void {
  connection.current = one;
  one.connection = connection;
  // From here on bytes may have left; before it, surely none.
  one.sent = true;
  connection.socket.write(one.request, 'latin1');
}

function read(pool: Pool, connection: Connection, bytes: Buffer): void {
  const { current, socket, reader } = connection;
  if (!current?.sent) {
    // Nobody asked: a server that says why it closes an idle connection.
    socket.destroy();
    return;
  }
  let answer: HttpAnswer | undefined;
  try {
    answer = reader.push(bytes);
  } catch (error) {
    lose(pool, current, `not HTTP: ${(error as Error).message}`);
    return;
  }
  if (!answer) return;
  end(pool, current, { answer });
  if (answer.reusable && !pool.closed) serve(pool, connection);
  else socket.destroy();
}

function serve(pool: Pool, connection: Connection): void {
  const one = pool.queue.take();
  if (one) write(connection, one);
  else pool.idle.push(connection);
}

function drop(pool: Pool, connection: Connection): void {
  pool.open.delete(connection);
  const at = pool.idle.indexOf(connection);
  if (at >= 0) pool.idle.splice(at, 1);
  const { current, reader, error } = connection;
  if (current) {
    const answer = reader.end(error === undefined);
    end(pool, current, answer ? { answer } : { lost: error ?? 'closed', sent: current.sent });
  }
  const one = pool.closed ? undefined : pool.queue.take();
  if (one) connect(pool, one);
}

function lose(pool: Pool, one: Try, why: string): void {
  if (one.over) return;
  const { connection } = one;
  end(pool, one, { lost: why, sent: one.sent });
  connection?.socket.destroy();
}

function end(pool: Pool, one: Try, reply: Reply): void {
  one.over = true;
  clearTimeout(one.timer);
  pool.live.delete(one);
  if (one.connection) one.connection.current = undefined;
  else pool.queue.drop();
  one.resolve(reply);
}

function openSocket(text: string): { socket: Socket; ready: 'connect' | 'secureConnect' } {
  const { protocol, hostname, port } = new URL(text);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (protocol !== 'https:')
    return { socket: createConnection({ host, port: Number(port || 80) }), ready: 'connect' };
  const socket = connectTls({
    host,
    port: Number(port || 443),
    // A server is named by name alone (RFC 6066, 3).
    ...(isIP(host) === 0 && { servername: host }),
    ALPNProtocols: ['http/1.1'],
  });
  return { socket, ready: 'secureConnect' };
}

/** First come, first served; who gave up meanwhile is stepped over. */
function createQueue() {
  let tries: Try[] = [];
  let first = 0;
  let size = 0;
  return {
    put: (one: Try): void => {
      tries.push(one);
      size += 1;
    },
    /** Tells that one of them is over. */
    drop: (): void => {
      size -= 1;
    },
    take: (): Try | undefined => {
      while (first < tries.length) {
        const one = tries[first]!;
        first += 1;
        if (first > 1_024 && first * 2 > tries.length) {
          tries = tries.slice(first);
          first = 0;
        }
        if (one.over) continue;
        size -= 1;
        return one;
      }
      return undefined;
    },
    size: () => size,
  };
}

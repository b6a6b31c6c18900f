import { createConnection, type Socket } from 'node:net';
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

/**
 * Keep-alive connections over bare sockets, one request at a time on each. Not node:http: what decides between `unknown`
 * and `fail` is whether bytes may have left, which is one line here, and its client takes half as much of the processor
 * again for an event.
 */
export function createLoadClient(options: LoadClientOptions): LoadClient {
  const open = new Set<Connection>();
  const idle: Connection[] = [];
  const live = new Set<Try>();
  const queue = createQueue();
  let closed = false;

  function end(one: Try, reply: Reply): void {
    one.over = true;
    clearTimeout(one.timer);
    live.delete(one);
    if (one.connection) one.connection.current = undefined;
    else queue.drop();
    one.resolve(reply);
  }

  function lose(one: Try, why: string): void {
    if (one.over) return;
    const { connection } = one;
    end(one, { lost: why, sent: one.sent });
    connection?.socket.destroy();
  }

  function write(connection: Connection, one: Try): void {
    connection.current = one;
    one.connection = connection;
    // From here on bytes may have left; before it, surely none.
    one.sent = true;
    connection.socket.write(one.request, 'latin1');
  }

  function connect(one: Try): void {
    const { socket, ready } = openSocket(options.url);
    const connection: Connection = { socket, reader: createAnswerReader(), current: one, error: undefined };
    one.connection = connection;
    open.add(connection);
    socket.setNoDelay(true);
    socket.once(ready, () => {
      if (connection.current) write(connection, connection.current);
    });
    socket.on('data', (bytes: Buffer) => read(connection, bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => (connection.error = error.code ?? error.message));
    socket.once('close', () => drop(connection));
  }

  function read(connection: Connection, bytes: Buffer): void {
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
      lose(current, `not HTTP: ${(error as Error).message}`);
      return;
    }
    if (!answer) return;
    end(current, { answer });
    if (!answer.reusable || closed) socket.destroy();
    else serve(connection);
  }

  function serve(connection: Connection): void {
    const one = queue.take();
    if (one) write(connection, one);
    else idle.push(connection);
  }

  function drop(connection: Connection): void {
    open.delete(connection);
    const at = idle.indexOf(connection);
    if (at >= 0) idle.splice(at, 1);
    const { current, reader, error } = connection;
    if (current) {
      const answer = reader.end(error === undefined);
      end(current, answer ? { answer } : { lost: error ?? 'closed', sent: current.sent });
    }
    const one = closed ? undefined : queue.take();
    if (one) connect(one);
  }

  function abortAll(): void {
    for (const one of live) lose(one, 'aborted');
  }
  options.signal.addEventListener('abort', abortAll, { once: true });

  return {
    send: (request) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => lose(one, 'timeout'), options.timeoutMs);
        const one: Try = { request, resolve, timer, connection: undefined, sent: false, over: false };
        live.add(one);
        const free = idle.pop();
        if (free) write(free, one);
        else if (open.size < options.sockets) connect(one);
        else queue.put(one);
        if (options.signal.aborted) lose(one, 'aborted');
      }),
    waiting: () => queue.size(),
    close: () => {
      closed = true;
      options.signal.removeEventListener('abort', abortAll);
      for (const one of live) lose(one, 'closed');
      for (const { socket } of open) socket.destroy();
    },
  };
}

function openSocket(text: string): { socket: Socket; ready: 'connect' | 'secureConnect' } {
  const { protocol, hostname, port } = new URL(text);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  if (protocol !== 'https:')
    return { socket: createConnection({ host, port: Number(port || 80) }), ready: 'connect' };
  const socket = connectTls({
    host,
    port: Number(port || 443),
    servername: host,
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

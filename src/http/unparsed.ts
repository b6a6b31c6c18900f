import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Refusal } from './refusal.ts';
import type { Shedding } from './shedding-table.ts';

interface UnparsedOptions {
  /** Whether a new connection begins unparsed. */
  readonly begins: () => boolean;
  readonly sheddingOf: (method: string, url: string) => Shedding;
  readonly refuses: (shedding: Shedding) => boolean;
  readonly refusal: Refusal;
}

export interface Unparsed {
  /** Tells that a request with its answer to come was let in by the look at its bytes; to be asked once for each. */
  readonly hasLetIn: (request: IncomingMessage, reply: ServerResponse) => boolean;
  /** Ends connections that the HTTP server has not seen yet. */
  readonly closeIdle: () => void;
}

/** One of which the HTTP parser sees only what is let in. */
interface Connection {
  /** A request was let in, and its answer is not sent yet. */
  busy: boolean;
  /** The latest: most clients send the same one again and again. */
  head: Head | undefined;
}

const MOST_UNSENT_BYTES = 64 * 1_024;
/** As long as node:http waits for headers. */
const SILENT_MS = 5_000;

/**
 * Refuses requests by a look at their bytes: node:http takes 13 µs of the processor for the least answer, bare bytes 8
 * (docs/decisions/0014-refusing-by-the-bytes.md says of what). Only connections that are new begin so, since
 * the parser of any other may stand within a request. And only a read that is one whole request of the plainest kind is
 * looked at: behind anything else, the connection is the parser's for good. So both always agree where requests end.
 */
export function refuseUnparsed(server: Server, options: UnparsedOptions): Unparsed {
  const { begins, sheddingOf, refuses, refusal } = options;
  const connections = new WeakMap<Socket, Connection>();
  const unseen = new Set<Socket>();
  const accept = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    // Gone while it waited to be accepted: a request of it would be done for nobody, and come from no address.
    if (socket.remoteAddress === undefined) socket.destroy();
    else if (begins()) begin(socket);
    else hand(socket);
  });

  function hand(socket: Socket): void {
    for (const one of accept) one.call(server, socket);
  }

  function begin(socket: Socket): void {
    const connection: Connection = { busy: false, head: undefined };
    connections.set(socket, connection);
    unseen.add(socket);
    let parse: ((bytes: Buffer) => void) | undefined;

    /** The server would end one that it knows and that brings it no headers. */
    function show(): (bytes: Buffer) => void {
      socket.setTimeout(0);
      socket
        .off('error', ignore)
        .off('end', end)
        .off('timeout', destroy)
        .off('close', forget)
        .off('data', look);
      forget();
      hand(socket);
      const [first] = socket.listeners('data') as ((bytes: Buffer) => void)[];
      // node:http lets go of the handle's bytes at this, and reads events like anybody.
      socket.on('data', look).off('data', first!);
      return first!;
    }

    function look(bytes: Buffer): void {
      const plain = !connection.busy && socket.writableLength <= MOST_UNSENT_BYTES;
      const head = plain ? readWhole(bytes, connection.head, sheddingOf) : undefined;
      if (head) {
        // Until then it was one that had not asked for anything.
        if (!connection.head) socket.setTimeout(server.keepAliveTimeout);
        connection.head = head;
        if (refuses(head.shedding)) {
          socket.write(head.method === 'HEAD' ? refusal.headBytes : refusal.bytes);
          return;
        }
      }
      parse ??= show();
      if (head) connection.busy = true;
      else {
        connections.delete(socket);
        socket.off('data', look).on('data', parse);
      }
      parse(bytes);
    }

    const end = () => void socket.end();
    const destroy = () => void socket.destroy();
    const forget = () => void unseen.delete(socket);
    socket.setTimeout(SILENT_MS);
    socket.on('error', ignore).on('end', end).on('timeout', destroy).on('close', forget).on('data', look);
  }

  return {
    hasLetIn: ({ socket }, reply) => {
      const connection = connections.get(socket);
      if (!connection) return false;
      reply.once('close', () => {
        connection.busy = false;
      });
      return true;
    },
    closeIdle: () => {
      for (const socket of unseen) socket.destroySoon();
    },
  };
}

/** It is closed by it. */
function ignore(): void {}

const HEAD_END = '\r\n\r\n';
const PLAIN = /^([A-Z]+) (\/[!-~]*) HTTP\/1\.1\r\n(?:[\w!#$%&'*+.^`|~-]+:[\t\x20-\x7e\x80-\xff]*\r\n)+$/;
/** Fields by which a message may end elsewhere, be answered otherwise, or be the last. */
const SPECIAL =
  /\r\n(?:transfer-encoding|expect|upgrade|connection(?!:[ \t]*keep-alive\r\n)|trailer)[ \t]*:/i;
const LENGTH = /\r\ncontent-length:[ \t]*(\d{1,9})[ \t]*\r\n/i;
const LENGTH_FIELD = /\r\ncontent-length[ \t]*:/gi;

interface Head {
  readonly text: string;
  readonly method: string;
  readonly shedding: Shedding;
  readonly wholeBytes: number;
}

/** Undefined where the bytes are not exactly one request of HTTP/1.1 that says in the simplest way where it ends. */
function readWhole(
  bytes: Buffer,
  before: Head | undefined,
  sheddingOf: (method: string, url: string) => Shedding,
): Head | undefined {
  const end = bytes.indexOf(HEAD_END, 0, 'latin1');
  if (end < 0) return undefined;
  const text = bytes.toString('latin1', 0, end + 2);
  const head = before?.text === text ? before : readHead(text, sheddingOf);
  return head?.wholeBytes === bytes.length ? head : undefined;
}

function readHead(text: string, sheddingOf: UnparsedOptions['sheddingOf']): Head | undefined {
  const plain = PLAIN.exec(text);
  if (!plain || SPECIAL.test(text)) return undefined;
  const named = text.match(LENGTH_FIELD)?.length ?? 0;
  const length = named === 0 ? 0 : named === 1 ? Number(LENGTH.exec(text)?.[1]) : Number.NaN;
  const [, method, url] = plain as unknown as [string, string, string];
  return { text, method, shedding: sheddingOf(method, url), wholeBytes: text.length + 2 + length };
}

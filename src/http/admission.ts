import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { createLoopTurn, type LoopTurn } from './loop-turn.ts';
import { createRefusal, type Refusal } from './refusal.ts';
import { createSheddingTable, type Shedding } from './shedding-table.ts';
import { refuseUnparsed, type Unparsed } from './unparsed.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Default `first`. */
    shed?: Shedding;
  }
}

interface AdmissionOptions {
  /** Milliseconds that an event would wait for the event log, now. */
  readonly logWaitMs: () => number;
  /** From then on nothing is refused: what still comes is answered and its connection closed. */
  readonly stopping?: () => boolean;
  readonly turn?: LoopTurn;
}

/**
 * Milliseconds that a request may wait for the event loop. In a burst, any may wait long. Once some are refused, little is
 * done in each turn: refusals, probes and new connections wait for its end.
 */
const LOOP_MS = {
  burst: { first: 500, last: 500 },
  standing: { first: 25, last: 50 },
  shedding: { first: 3, last: 6 },
} as const;
/** Milliseconds that an event may wait for the event log. Other requests do not need it, and may be answered. */
const LOG_MS = 300;
const CLOSE_EVERY_MS = 2;

/**
 * Refuses requests before anything of them is looked up, once they would wait too long: with work for nothing, a server at
 * three times its load serves nobody. What is refused goes past the framework, in a loop that is behind past the HTTP
 * parser, too: what a refusal takes is taken from those who are served. Call before any route.
 */
export function shedOverload(app: FastifyInstance, options: AdmissionOptions): Pick<Unparsed, 'closeIdle'> {
  const { logWaitMs, stopping = () => false, turn = createLoopTurn() } = options;
  const { server } = app;
  const table = createSheddingTable(app);
  const refusal = createRefusal();

  function refuses(shedding: Shedding): boolean {
    const { waitedMs, pressure } = turn.take();
    if (shedding === 'never' || stopping()) return false;
    if (waitedMs > LOOP_MS[pressure][shedding]) {
      turn.refuse();
      return true;
    }
    return shedding === 'last' && logWaitMs() > LOG_MS;
  }

  let closedAt = 0;
  /** Not all at once: each of them comes back, and to take it up is more than to refuse it. */
  function mayClose(): boolean {
    const now = performance.now();
    if (turn.pressure() !== 'shedding' || now - closedAt < CLOSE_EVERY_MS) return false;
    closedAt = now;
    return true;
  }

  const handlers = server.listeners('request') as ((
    request: IncomingMessage,
    reply: ServerResponse,
  ) => void)[];
  server.removeAllListeners('request');
  server.on('request', (request: IncomingMessage, reply: ServerResponse) => {
    // What came unparsed was let in already.
    if (!unparsed.hasLetIn(request, reply) && refuses(table.of(request.method!, request.url!)))
      refuse(reply, refusal, mayClose());
    else for (const handle of handlers) handle(request, reply);
  });
  const unparsed = refuseUnparsed(server, {
    begins: () => turn.pressure() !== 'burst' && !stopping(),
    sheddingOf: table.of,
    refuses,
    refusal,
  });
  return unparsed;
}

/** `closes`: a new connection is refused for less, see `refuseUnparsed`. */
function refuse(reply: ServerResponse, { fields, body }: Refusal, closes: boolean): void {
  // An answer of 5xx needs no Date (RFC 9110, 6.6.1).
  reply.sendDate = false;
  if (closes) reply.shouldKeepAlive = false;
  reply.writeHead(503, fields as string[]).end(body);
}

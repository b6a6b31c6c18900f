import { Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { sleep } from '../kit/wait.ts';

/** No request for as long: whoever still holds a connection is not about to use it. */
const QUIET_MS = 250;
const LOOK_MS = 20;
const LIMIT_MS = 5_000;
const ACCEPT_LIMIT_MS = 500;

/**
 * Returns what ends a server's connections without cutting off one that has begun to ask (RFC 9112, 9.6). From then on new
 * connections are refused, so their clients know that nothing was sent; each answer says `Connection: close`; and idle
 * connections, which a request may be on its way to, are closed once none came for a while. It resolves when all are
 * gone, at the latest after 5 s. `closeIdle` ends connections that the server does not know of. Call it before the routes are
 * registered, and what it returns with all servers that accept.
 */
export function prepareDrain(
  app: FastifyInstance,
  closeIdle: () => void = () => undefined,
): (servers?: readonly Server[]) => Promise<void> {
  let draining = false;
  let askedAt = 0;
  app.addHook('onRequest', (_request, reply, done) => {
    if (draining) {
      askedAt = performance.now();
      reply.header('connection', 'close');
    }
    done();
  });
  return async (servers = [app.server]) => {
    const startedAt = performance.now();
    const { server } = app;
    const gone = new AbortController();
    await acceptWaiting(server);
    let open = servers.length;
    // Not the HTTP server's own close, which ends idle connections at once.
    for (const one of servers)
      Server.prototype.close.call(one, () => {
        open -= 1;
        if (open === 0) gone.abort();
      });
    // Not before: whoever is told to close connects anew, and what connects while the sockets are closed is reset.
    draining = true;
    askedAt = performance.now();
    while (!gone.signal.aborted && performance.now() - startedAt < LIMIT_MS) {
      await sleep(LOOK_MS, gone.signal);
      // What has arrived is read first, also where this process was kept from running for long.
      await turn();
      if (performance.now() - askedAt < QUIET_MS) continue;
      server.closeIdleConnections();
      closeIdle();
    }
  };
}

/** Connections that wait to be accepted would be reset: as many turns as it takes until one brings none. */
async function acceptWaiting(server: Server): Promise<void> {
  let accepted = false;
  const note = () => {
    accepted = true;
  };
  server.on('connection', note);
  const endAt = performance.now() + ACCEPT_LIMIT_MS;
  do {
    accepted = false;
    // Behind the poll that accepts, also where this was called in the middle of one.
    await turn();
    await turn();
  } while (accepted && performance.now() < endAt);
  server.off('connection', note);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

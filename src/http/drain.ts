import { Server } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { sleep } from '../kit/wait.ts';

/** No request for as long: whoever still holds a connection is not about to use it. */
const QUIET_MS = 100;
const LOOK_MS = 20;
const LIMIT_MS = 5_000;

/**
 * Returns what ends a server's connections without cutting off one that has begun to ask (RFC 9112, 9.6). From then on new
 * connections are refused, so their clients know that nothing was sent; each answer says `Connection: close`; and idle
 * connections, which a request may be on its way to, are closed once none came for a while. It resolves when all are
 * gone, at the latest after 5 s. Call it before the routes are registered.
 */
export function prepareDrain(app: FastifyInstance): () => Promise<void> {
  let draining = false;
  let askedAt = 0;
  app.addHook('onRequest', (_request, reply, done) => {
    if (draining) {
      askedAt = performance.now();
      reply.header('connection', 'close');
    }
    done();
  });
  return async () => {
    draining = true;
    const startedAt = performance.now();
    askedAt = startedAt;
    const { server } = app;
    const gone = new AbortController();
    // Behind the poll that accepts: connections that wait to be accepted would be reset.
    await new Promise((resolve) => setImmediate(resolve));
    // Not the HTTP server's own close, which ends idle connections at once.
    Server.prototype.close.call(server, () => gone.abort());
    while (!gone.signal.aborted && performance.now() - startedAt < LIMIT_MS) {
      await sleep(LOOK_MS, gone.signal);
      if (performance.now() - askedAt >= QUIET_MS) server.closeIdleConnections();
    }
  };
}

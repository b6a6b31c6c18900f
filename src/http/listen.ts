import cluster from 'node:cluster';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import type { FastifyInstance } from 'fastify';

/**
 * An event loop takes one new connection a turn from each listening socket (libuv), so behind one socket they wait as many
 * turns as there are of them: a probe's too, while thousands connect. With 2, of 506 requests to an overloaded server 178
 * had no answer within 5 s, with 64 none (`weir drill overload --rounds 3 --seconds 12`).
 */
const SOCKETS = 64;
const BACKLOG = 1_024;
/** Where the kernel spreads connections over sockets of one port. */
const SPREADS = process.platform === 'linux' || process.platform === 'freebsd';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
}

/**
 * Lets `app` listen, and returns the servers that accept for it, itself the first; whoever ends it closes them all.
 * Rejects with EADDRINUSE where the port is taken.
 */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<readonly Server[]> {
  // Workers get their connections from the first process, which has little else to do.
  const spread = SPREADS && cluster.isPrimary;
  if (spread && options.port !== 0) await requireFree(options);
  await app.listen({ ...options, backlog: BACKLOG, ...(spread && { reusePort: true }) });
  const address = app.server.address();
  if (!spread || address === null || typeof address === 'string') return [app.server];
  const others = Array.from({ length: SOCKETS - 1 }, () =>
    // As the HTTP server makes its own.
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit('connection', socket)),
  );
  await Promise.all(
    others.map((other) => listenOnce(other, { host: address.address, port: address.port, reusePort: true })),
  );
  return [app.server, ...others];
}

/**
 * Two programs that both share their ports would share this one, and each get half of the requests. A port is looked at by
 * binding it alone: in the instant in which another socket listened there, clients that wait for this start would connect,
 * and be reset when it closes. The system refuses to bind where anybody listens; to connect afterwards need not succeed.
 */
async function requireFree({ host, port }: ListenOptions): Promise<void> {
  const { address } = await lookup(host);
  await new Promise<void>((resolve, reject) => {
    const look = connect({ host: address, port: 0, localAddress: address, localPort: port });
    look.once('connect', () => look.destroy());
    look.once('error', (error: NodeJS.ErrnoException) => error.code === 'EADDRINUSE' && reject(error));
    look.once('close', () => resolve());
  });
}

async function listenOnce(server: Server, options: ListenOptions & { reusePort?: boolean }): Promise<void> {
  server.listen({ ...options, backlog: BACKLOG });
  await once(server, 'listening');
}

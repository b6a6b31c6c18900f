import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { resetSocket } from './reset-socket.ts';

/** One address before several servers, as a balancer of connections is. */
export interface Balancer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Connections go to the servers in turn, and to the next one where one refuses: then nothing was sent. It knows nothing of
 * HTTP, so an answer that is cut off, or a connection that is reset, is that for the client, too.
 */
export async function openBalancer(urls: readonly string[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  let turn = 0;

  function connect(client: Socket, first: number, tries: number): void {
    const { port } = new URL(urls[(first + tries) % urls.length]!);
    const upstream = createConnection({ host: '127.0.0.1', port: Number(port) });
    track(upstream);
    let connected = false;
    upstream.once('connect', () => {
      connected = true;
      client.pipe(upstream).pipe(client);
      client.once('error', () => resetSocket(upstream));
    });
    upstream.on('error', () => {
      if (connected || tries + 1 === urls.length) resetSocket(client);
      else connect(client, first, tries + 1);
    });
  }

  function track(socket: Socket): void {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  }

  const server = createServer((client) => {
    track(client);
    client.on('error', () => undefined);
    turn += 1;
    connect(client, turn, 0);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      if (server.listening) await once(server, 'close');
    },
  };
}

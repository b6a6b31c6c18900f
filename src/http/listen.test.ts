import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import Fastify from 'fastify';
import { prepareDrain } from './drain.ts';
import { listen } from './listen.ts';

const HERE = { host: '127.0.0.1', port: 0 };

test('connections over any of its sockets are served, and a drain closes them all', async () => {
  const app = Fastify();
  const drain = prepareDrain(app);
  app.get('/', () => ({}));
  const servers = await listen(app, HERE);
  const { port } = app.server.address() as AddressInfo;
  const ask = () => fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  // The kernel chooses the socket: so many that each gets some.
  const answers = await Promise.all(Array.from({ length: 4 * servers.length }, ask));
  assert.ok(answers.every((answer) => answer.ok));
  await drain(servers);
  await assert.rejects(ask());
  await app.close();
});

test('a port that another server of its kind has is taken', async (t) => {
  const [first, second] = [Fastify(), Fastify()];
  const drain = prepareDrain(first);
  const servers = await listen(first, HERE);
  t.after(async () => {
    await drain(servers);
    await Promise.all([first.close(), second.close()]);
  });
  const { port } = first.server.address() as AddressInfo;
  await assert.rejects(listen(second, { ...HERE, port }), { code: 'EADDRINUSE' });
});

test('clients that wait for its start are refused until they are served, and never reset', async (t) => {
  const start = async (port: number) => {
    const app = Fastify();
    const drain = prepareDrain(app);
    app.get('/', () => ({}));
    const servers = await listen(app, { ...HERE, port });
    return { app, stop: () => drain(servers).then(() => app.close()) };
  };
  const first = await start(0);
  const { port } = first.app.server.address() as AddressInfo;
  await first.stop();
  const ends = new Set<string>();
  for (let round = 0; round < 10; round += 1) {
    // Beside this thread: within it none would connect between two of its own calls.
    const clients = new Worker(`(${askAgainAndAgain})(${port})`, { eval: true });
    t.after(() => clients.terminate());
    clients.on('message', (end: string) => ends.add(end));
    await once(clients, 'message');
    const server = await start(port);
    while (!ends.has('served')) await once(clients, 'message');
    await clients.terminate();
    await server.stop();
  }
  assert.deepEqual([...ends].sort(), ['ECONNREFUSED', 'served']);
});

/** Runs in a thread of its own, so it brings what it needs. */
function askAgainAndAgain(port: number): void {
  const { connect } = process.getBuiltinModule('node:net');
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  const ask = () => {
    const socket = connect(port, '127.0.0.1');
    let end = 'closed';
    socket.once('connect', () => socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    socket.once('data', () => (end = 'served'));
    socket.once('error', (error: NodeJS.ErrnoException) => (end = error.code!));
    socket.once('close', () => {
      parentPort!.postMessage(end);
      ask();
    });
  };
  for (let at = 0; at < 8; at += 1) ask();
}

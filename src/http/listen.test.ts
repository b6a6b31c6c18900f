import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
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

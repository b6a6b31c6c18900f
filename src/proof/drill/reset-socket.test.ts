import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { resetSocket } from './reset-socket.ts';

async function connect() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = createConnection({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' });
  const [far] = await accepted;
  server.close();
  return { near, far };
}

test('a connection is reset for the other side', async () => {
  const { near, far } = await connect();
  const failed = once(far.resume(), 'error');
  resetSocket(near);
  assert.equal(((await failed) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
});

test('one that is ending is closed without an error, so that its process can end', async () => {
  const { near, far } = await connect();
  const errors: Error[] = [];
  near.on('error', (error) => errors.push(error)).end();
  const closed = once(near, 'close');
  resetSocket(near);
  await closed;
  assert.deepEqual(errors, []);
  far.destroy();
});

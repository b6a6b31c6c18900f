import assert from 'node:assert/strict';
import { Agent, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import Fastify from 'fastify';
import { prepareDrain } from './drain.ts';

describe('a server that drains', () => {
  test('answers what was begun, says so to whoever still asks, refuses the new, and closes the idle', async (t) => {
    const app = Fastify();
    t.after(() => app.server.closeAllConnections());
    const drain = prepareDrain(app);
    const begun = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    app.get('/slow', async () => {
      begun.resolve();
      await released.promise;
      return { end: true };
    });
    app.get('/', () => ({}));
    await app.listen({ port: 0, host: '127.0.0.1' });
    const { port } = app.server.address() as AddressInfo;
    const [asking, idle, busy] = [1, 2, 3].map(() => new Agent({ keepAlive: true, maxSockets: 1 }));
    const ask = (agent: Agent, path = '/') =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const sent = request({ port, path, agent }, (answer) =>
          answer.resume().once('end', () => resolve(answer)),
        );
        sent.once('error', reject).end();
      });
    await Promise.all([ask(asking!), ask(idle!)]);
    const slow = ask(busy!, '/slow');
    await begun.promise;

    let drained = false;
    const draining = drain().then(() => (drained = true));
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    const last = await ask(asking!);
    assert.deepEqual([last.statusCode, last.headers.connection], [200, 'close']);
    await assert.rejects(ask(new Agent()), { code: 'ECONNREFUSED' });
    assert.equal(drained, false);
    released.resolve();
    assert.equal((await slow).statusCode, 200);
    await draining;
    const left = await new Promise((resolve) => app.server.getConnections((_error, count) => resolve(count)));
    assert.equal(left, 0);
    await app.close();
  });
});

import assert from 'node:assert/strict';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import Fastify from 'fastify';
import { shedOverload } from './admission.ts';
import type { Pressure } from './loop-turn.ts';

interface State {
  waitedMs: number;
  pressure: Pressure;
  logWaitMs: number;
  stopping: boolean;
}

const CALM: State = { waitedMs: 0, pressure: 'burst', logWaitMs: 0, stopping: false };

async function build(t: TestContext) {
  const state = { ...CALM };
  const seen: string[] = [];
  const take = Promise.withResolvers<void>();
  const app = Fastify({ exposeHeadRoutes: false });
  const { closeIdle } = shedOverload(app, {
    logWaitMs: () => state.logWaitMs,
    stopping: () => state.stopping,
    turn: {
      take: () => {
        take.resolve();
        return state;
      },
      refuse: () => undefined,
      pressure: () => state.pressure,
    },
  });
  const sockets: Socket[] = [];
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    closeIdle();
    return app.close();
  });
  const see = (request: { method: string; url: string; body?: unknown }) => {
    seen.push(`${request.method} ${request.url} ${JSON.stringify(request.body) ?? ''}`.trim());
    return {};
  };
  app.get('/read', see);
  app.post('/event', { config: { shed: 'last' } }, see);
  app.get('/campaign/:id', { config: { shed: 'last' } }, see);
  app.get('/live', { config: { shed: 'never' } }, see);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;

  /** A connection of its own: sends each text once the answer to the one before is there. */
  function open() {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    let text = '';
    let wanted = 0;
    let ready = Promise.withResolvers<string>();
    const look = () => {
      const answers = text.split('HTTP/1.1 ').slice(1);
      const last = answers.at(-1);
      if (answers.length < wanted || last === undefined) return;
      const [head, body] = last.split('\r\n\r\n', 2);
      const length = Number(/content-length: (\d+)/i.exec(head!)?.[1] ?? 0);
      if (body !== undefined && (body.length >= length || skipsBody)) ready.resolve(text);
    };
    let skipsBody = false;
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      look();
    });
    return {
      socket,
      /** The answers to what is sent, `count` of them. */
      ask: async (request: string, count = 1) => {
        text = '';
        wanted = count;
        skipsBody = request.startsWith('HEAD');
        ready = Promise.withResolvers<string>();
        socket.write(request);
        return ready.promise;
      },
    };
  }
  const ask = async (now: Partial<State>, request: string) => {
    Object.assign(state, CALM, now);
    return open().ask(request);
  };
  return { state, seen, open, ask, taken: take.promise };
}

const get = (path: string, verb = 'GET') => `${verb} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
const post = (body: string, more = '') =>
  `POST /event HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => Number(match[1]));

describe('an overloaded server', () => {
  const asked = ['/read', '/campaign/7', '/live', '/nothing/here'].map((path) => get(path));
  const codes = async (t: TestContext, now: Partial<State>) => {
    const { ask } = await build(t);
    return (await Promise.all(asked.map((request) => ask(now, request)))).flatMap(statuses);
  };

  test('refuses reads and what is no route first, events last, and never who asks whether it lives', async (t) => {
    assert.deepEqual(await codes(t, { waitedMs: 30 }), [200, 200, 200, 404]);
    assert.deepEqual(await codes(t, { waitedMs: 30, pressure: 'standing' }), [503, 200, 200, 503]);
    assert.deepEqual(await codes(t, { waitedMs: 60, pressure: 'standing' }), [503, 503, 200, 503]);
    assert.deepEqual(await codes(t, { waitedMs: 5, pressure: 'shedding' }), [503, 200, 200, 503]);
    assert.deepEqual(await codes(t, { waitedMs: 600 }), [503, 503, 200, 503]);
  });

  test('refuses events, and nothing else, where they would wait too long for the log', async (t) => {
    assert.deepEqual(await codes(t, { logWaitMs: 250 }), [200, 200, 200, 404]);
    assert.deepEqual(await codes(t, { logWaitMs: 350 }), [200, 503, 200, 404]);
  });

  test('refuses nobody once it stops: each is answered and its connection closed by that', async (t) => {
    assert.deepEqual(
      await codes(t, { waitedMs: 600, pressure: 'shedding', stopping: true }),
      [200, 200, 200, 404],
    );
  });

  for (const pressure of ['burst', 'shedding'] as const)
    test(`says when to come again, to a page from elsewhere too (${pressure})`, async (t) => {
      const { ask, seen } = await build(t);
      const text = await ask({ waitedMs: 5_000, pressure }, post('{'));
      assert.match(text, /^HTTP\/1\.1 503 Service Unavailable\r\n/);
      assert.match(text, /\r\nretry-after: 1\r\n/);
      assert.match(text, /\r\naccess-control-allow-origin: \*\r\n/);
      const problem = JSON.parse(text.split('\r\n\r\n')[1]!) as { code: string; request_id: string };
      assert.equal(problem.code, 'overloaded');
      assert.match(problem.request_id, /./);
      assert.deepEqual(seen, []);
    });
});

describe('a connection that began while the loop was behind', () => {
  test('carries refusals and what is let in by turns, each once', async (t) => {
    const { state, seen, open } = await build(t);
    Object.assign(state, { pressure: 'shedding' });
    const { ask } = open();
    for (const [body, waitedMs] of [
      ['1', 99],
      ['2', 0],
      ['3', 99],
      ['4', 99],
      ['5', 0],
    ] as const) {
      state.waitedMs = waitedMs;
      assert.deepEqual(statuses(await ask(post(body))), [waitedMs === 0 ? 200 : 503]);
    }
    assert.deepEqual(seen, ['POST /event 2', 'POST /event 5']);
  });

  test('answers HEAD without a body', async (t) => {
    const { ask } = await build(t);
    const text = await ask({ waitedMs: 99, pressure: 'shedding' }, get('/read', 'HEAD'));
    assert.match(text, /^HTTP\/1\.1 503 .*\r\n\r\n$/s);
  });

  const ODD = {
    'two requests in one': get('/live') + get('/live'),
    'a request and the begin of another': `${get('/live')}GET /li`,
    'a body in chunks':
      'POST /event HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n7\r\n0\r\n\r\n',
    'two lengths': post('7', 'Content-Length: 1\r\n'),
    'a last request': get('/live').replace('Host', 'Connection: close\r\nHost'),
    'HTTP/1.0': get('/live').replace('1.1', '1.0'),
    'no HTTP': 'hello\r\n\r\n',
  };
  for (const [what, request] of Object.entries(ODD))
    test(`is the parser's for good behind ${what}`, async (t) => {
      const [plain, begun] = [await build(t), await build(t)];
      begun.state.pressure = 'shedding';
      const count = what === 'two requests in one' ? 2 : 1;
      const answers = await Promise.all([plain, begun].map(({ open }) => open().ask(request, count)));
      assert.deepEqual(statuses(answers[1]!), statuses(answers[0]!));
      assert.deepEqual(begun.seen, plain.seen);
    });

  test('takes what comes in pieces as one request, though a piece looks like another', async (t) => {
    const { state, seen, open, taken } = await build(t);
    state.pressure = 'shedding';
    const { socket, ask } = open();
    const piece = get('/read');
    socket.write(post(piece).slice(0, -piece.length));
    await taken;
    state.waitedMs = 99;
    // 400: as a body, it is no JSON.
    assert.deepEqual(statuses(await ask(piece)), [400]);
    assert.deepEqual(seen, []);
  });
});

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Fastify from 'fastify';
import { shedOverload } from './admission.ts';
import { handleErrors } from './error-handler.ts';

describe('an overloaded server', () => {
  function build() {
    const state = { waitedMs: 0, standing: false, logWaitMs: 0 };
    const app = Fastify();
    handleErrors(app, { warn: () => undefined, error: () => undefined } as never);
    shedOverload(app, { logWaitMs: () => state.logWaitMs, turn: { take: () => state } });
    app.get('/read', () => ({}));
    app.post('/event', { config: { shed: 'last' } }, () => ({}));
    app.get('/live', { config: { shed: 'never' } }, () => ({}));
    const ask = async (now: Partial<typeof state>) => {
      Object.assign(state, { waitedMs: 0, standing: false, logWaitMs: 0 }, now);
      const answers = await Promise.all([
        app.inject({ url: '/read' }),
        app.inject({
          method: 'POST',
          url: '/event',
          headers: { origin: 'https://shop.example' },
          payload: '{',
        }),
        app.inject({ url: '/live' }),
      ]);
      return answers;
    };
    const codes = async (now: Partial<typeof state>) => (await ask(now)).map((answer) => answer.statusCode);
    return { ask, codes };
  }

  test('refuses reads first, events last, and never who asks whether it lives', async () => {
    const { codes } = build();
    // 415: the event was let in, and its body has no type.
    assert.deepEqual(await codes({ waitedMs: 30 }), [200, 415, 200]);
    assert.deepEqual(await codes({ waitedMs: 30, standing: true }), [503, 415, 200]);
    assert.deepEqual(await codes({ waitedMs: 60, standing: true }), [503, 503, 200]);
    assert.deepEqual(await codes({ waitedMs: 600 }), [503, 503, 200]);
  });

  test('refuses events, and nothing else, where they would wait too long for the log', async () => {
    const { codes } = build();
    assert.deepEqual(await codes({ logWaitMs: 250 }), [200, 415, 200]);
    assert.deepEqual(await codes({ logWaitMs: 350 }), [200, 503, 200]);
  });

  test('says when to come again, to a page from elsewhere too, and that nothing was done', async () => {
    const { ask } = build();
    const [read, event] = await ask({ waitedMs: 5_000 });
    for (const answer of [read!, event!]) {
      assert.equal(answer.headers['retry-after'], '1');
      assert.equal(answer.json().code, 'overloaded');
    }
    assert.equal(event!.headers['access-control-allow-origin'], '*');
    assert.equal(event!.headers['access-control-expose-headers'], 'retry-after');
    assert.equal(read!.headers['access-control-allow-origin'], undefined);
  });
});

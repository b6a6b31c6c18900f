import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createFcmPush } from '../../src/engines/fcm/fcm-push.ts';
import { createWebPush, toVapidKeys } from '../../src/engines/webpush/web-push.ts';
import { EngineError } from '../../src/kit/errors.ts';
import type { PushMessage } from '../../src/ports/push.ts';
import { type PushService, readVapid, startPushService, subscribeBrowser } from '../support/push-service.ts';

const MESSAGE: PushMessage = {
  title: '새 댓글',
  body: '안녕하세요',
  path: '/boards/1/posts/2',
  tag: 'post-2',
};

describe('push', () => {
  let service: PushService;
  before(async () => {
    service = await startPushService();
  });
  after(() => service?.close());

  const retryable = (expected: boolean) => (error: unknown) =>
    error instanceof EngineError && error.retryable === expected;

  test('PU-1: a browser decrypts what it was sent, and can tell who sent it', async () => {
    const keys = toVapidKeys(randomBytes(32));
    const push = createWebPush({ keys, subject: 'mailto:ops@example.com' });
    const browser = subscribeBrowser(`${service.origin}/wpush/1`);
    const { endpoint, keys: own } = JSON.parse(browser.token);
    assert.equal(await push.send({ kind: 'web', endpoint, ...own }, MESSAGE), 'delivered');
    const { headers, body } = service.received.at(-1)!;
    assert.deepEqual(JSON.parse(browser.decrypt(body)), MESSAGE);
    const { aud, sub, key } = readVapid(headers.authorization!);
    assert.deepEqual(
      { aud, sub, key },
      { aud: service.origin, sub: 'mailto:ops@example.com', key: keys.publicKey },
    );
    assert.ok(headers.ttl && headers.topic && headers.topic.length <= 32);
  });

  test('PU-2, PU-3: a dead subscription is told apart from a service in trouble and from a refusal', async () => {
    const push = createWebPush({ keys: toVapidKeys(randomBytes(32)), subject: 'mailto:ops@example.com' });
    const send = (path: string) => {
      const { endpoint, keys } = JSON.parse(subscribeBrowser(`${service.origin}${path}`).token);
      return push.send({ kind: 'web', endpoint, ...keys }, MESSAGE);
    };
    service.answer('/gone', 410);
    service.answer('/unknown', 404);
    service.answer('/busy', 429);
    service.answer('/down', 503);
    service.answer('/refused', 400);
    assert.deepEqual([await send('/gone'), await send('/unknown')], ['gone', 'gone']);
    await assert.rejects(send('/busy'), retryable(true));
    await assert.rejects(send('/down'), retryable(true));
    await assert.rejects(send('/refused'), retryable(false));
    const nobody = subscribeBrowser('http://127.0.0.1:9/x');
    const { endpoint, keys } = JSON.parse(nobody.token);
    await assert.rejects(push.send({ kind: 'web', endpoint, ...keys }, MESSAGE), retryable(true));
  });

  test('PU-1: FCM is asked for one access token, and told what to show', async () => {
    const push = createFcmPush({ account: makeAccount(), origin: service.origin });
    service.answer('/token', 200, { access_token: 'opaque', expires_in: 3_600 });
    service.answer('/v1/projects/weir/messages:send', 200, { name: 'projects/weir/messages/1' });
    const from = service.received.length;
    const target = { kind: 'fcm', token: 'registration' } as const;
    const sent = await Promise.all([push.send(target, MESSAGE), push.send(target, MESSAGE)]);
    assert.deepEqual(sent, ['delivered', 'delivered']);
    const calls = service.received.slice(from);
    assert.equal(calls.filter((one) => one.path === '/token').length, 1);
    const { headers, body } = calls.find((one) => one.path.startsWith('/v1/'))!;
    assert.equal(headers.authorization, 'Bearer opaque');
    const { message } = JSON.parse(body.toString());
    assert.equal(message.token, 'registration');
    assert.deepEqual(message.notification, { title: MESSAGE.title, body: MESSAGE.body });
    assert.equal(message.data.path, MESSAGE.path);
  });

  test('PU-2, PU-3: FCM’s UNREGISTERED is a dead token; quota and trouble are not, and an access token that was taken back is asked for anew', async () => {
    const push = createFcmPush({ account: makeAccount(), origin: service.origin });
    const path = '/v1/projects/weir/messages:send';
    const answer = (status: number, errorCode: string) =>
      service.answer(path, status, { error: { status: 'X', details: [{ errorCode }] } });
    const target = { kind: 'fcm', token: 'registration' } as const;
    answer(404, 'UNREGISTERED');
    assert.equal(await push.send(target, MESSAGE), 'gone');
    answer(429, 'QUOTA_EXCEEDED');
    await assert.rejects(push.send(target, MESSAGE), retryable(true));
    answer(400, 'INVALID_ARGUMENT');
    await assert.rejects(push.send(target, MESSAGE), retryable(false));
    const asked = () => service.received.filter((one) => one.path === '/token').length;
    const before = asked();
    answer(401, 'THIRD_PARTY_AUTH_ERROR');
    await assert.rejects(push.send(target, MESSAGE), retryable(true));
    await assert.rejects(push.send(target, MESSAGE), retryable(true));
    assert.equal(asked(), before + 1);
  });

  function makeAccount() {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    return {
      project_id: 'weir',
      client_email: 'push@weir.example',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      token_uri: `${service.origin}/token`,
    };
  }
});

import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createFcmPush } from '../../src/engines/fcm/fcm-push.ts';
import { createWebPush, toVapidKeys } from '../../src/engines/webpush/web-push.ts';
import { createTokenSeal, eraseDevices, registerDeviceRoutes } from '../../src/features/devices/index.ts';
import { createMembers, registerMemberRoutes } from '../../src/features/members/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { EngineError } from '../../src/kit/errors.ts';
import { PUSH_SERVICES, type PushMessage } from '../../src/ports/push.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';
import { type PushService, readVapid, startPushService, subscribeBrowser } from '../support/push-service.ts';

const MESSAGE: PushMessage = {
  title: '새 댓글',
  body: '안녕하세요',
  path: '/boards/1/posts/2',
  tag: 'post-2',
};

describe('devices', () => {
  let database: TestDatabase;
  let app: ReturnType<typeof createMemberApp>;
  const seal = createTokenSeal(randomBytes(32));
  const members: number[] = [];
  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    members.push(...(await insertMembers(db, ['Mina', 'Jun', 'Sora'])));
    app = createMemberApp();
    registerDeviceRoutes(app, { db, seal, services: PUSH_SERVICES, vapidPublicKey: 'public' });
    registerMemberRoutes(app, {
      members: createMembers({ db, erasures: [eraseDevices] }),
      clock: systemClock,
      rateLimits: false,
    });
  });
  after(async () => {
    await app?.close();
    await database?.close();
  });

  const call = (member: number, method: 'GET' | 'POST' | 'DELETE', path = '', payload?: object) =>
    createCaller(app)(members[member], method, `/api/devices${path}`, payload);
  const phone = (name: string) => ({ name, token: `${name}:APA91bH${randomBytes(60).toString('hex')}` });

  test('a device is registered, listed with its token masked, and forgotten', async () => {
    const device = phone('phone');
    const made = await call(0, 'POST', '', device);
    const masked = `****${device.token.slice(-4)}`;
    assert.equal(made.status, 200);
    assert.deepEqual(made.body, { id: made.body.id, name: 'phone', token: masked });
    assert.deepEqual((await call(0, 'GET')).body, [made.body]);
    assert.deepEqual((await call(1, 'GET')).body, []);
    assert.equal((await call(1, 'DELETE', `/${made.body.id}`)).status, 404);
    assert.equal((await call(0, 'DELETE', `/${made.body.id}`)).status, 204);
    assert.equal((await call(0, 'DELETE', `/${made.body.id}`)).status, 404);
  });

  test('a token lies in the database sealed, bound to its row, and only the key opens it', async () => {
    const device = phone('sealed');
    const { body } = await call(0, 'POST', '', device);
    const [row] = await database.db.query<{ whole: string; token_hash: Buffer; token_sealed: Buffer }>(
      'select devices::text as whole, token_hash, token_sealed from devices where id = $1',
      [body.id],
    );
    assert.ok(!row!.whole.includes(device.token.slice(0, 20)));
    assert.ok(!row!.whole.includes(Buffer.from(device.token).toString('hex').slice(0, 40)));
    assert.equal(seal.open(row!.token_sealed, row!.token_hash), device.token);
    assert.equal(seal.open(row!.token_sealed, seal.hash('another')), undefined);
    assert.equal(createTokenSeal(randomBytes(32)).open(row!.token_sealed, row!.token_hash), undefined);
    await call(0, 'DELETE', `/${body.id}`);
  });

  test('the same device at once, two hundred times: one is registered, the others are told so', async () => {
    const device = phone('race');
    const answers = await Promise.all(Array.from({ length: 200 }, () => call(0, 'POST', '', device)));
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    assert.deepEqual([count(200), count(400)], [1, 199]);
    assert.equal((await call(0, 'GET')).body.length, 1);
  });

  test('a token moves to the member who registers it', async () => {
    const device = phone('shared');
    const { body: first } = await call(0, 'POST', '', device);
    const { status, body } = await call(1, 'POST', '', { ...device, name: 'mine now' });
    assert.deepEqual([status, body.id, body.name], [200, first.id, 'mine now']);
    const listed = async (member: number) =>
      (await call(member, 'GET')).body.some((one: { id: number }) => one.id === first.id);
    assert.deepEqual([await listed(0), await listed(1)], [false, true]);
  });

  test('twenty devices are the most, however many come at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) => call(2, 'POST', '', phone(`many${at}`))),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    assert.deepEqual([count(200), count(409)], [20, 10]);
    assert.equal((await call(2, 'GET')).body.length, 20);
  });

  test('a subscription may only name a push service of a browser’s maker', async () => {
    const refused = [
      'http://fcm.googleapis.com/fcm/send/1',
      'https://127.0.0.1/x',
      'https://fcm.googleapis.com.example.com/1',
      'https://evil.notify.windows.com.example.com/1',
      'https://user:pw@fcm.googleapis.com/1',
      'https://fcm.googleapis.com:8443/1',
      'file:///etc/passwd',
    ];
    for (const endpoint of refused) {
      const { token } = subscribeBrowser(endpoint);
      assert.equal((await call(1, 'POST', '', { name: 'b', token })).status, 422, endpoint);
    }
    const { token } = subscribeBrowser('https://updates.push.services.mozilla.com/wpush/v2/abcd');
    assert.equal((await call(1, 'POST', '', { name: 'browser', token })).body.token, '****abcd');
  });

  test('what is no token is refused with what it should be', async () => {
    for (const token of [
      '{"endpoint":',
      '{}',
      '{"endpoint":"https://fcm.googleapis.com/1","keys":{}}',
      'has spaces in it',
    ]) {
      const { status, body } = await call(1, 'POST', '', { name: 'b', token });
      assert.equal(status, 422, token);
      assert.equal(body.errors[0].path, 'token');
    }
    assert.equal((await call(1, 'POST', '', { ...phone('x'), owner: 1 })).status, 422);
  });

  test('an erased member leaves no token behind', async () => {
    await createCaller(app)(members[2], 'DELETE', `/api/users/${members[2]}`);
    const left = await database.db.query('select 1 from devices where member_id = $1', [members[2]]);
    assert.equal(left.length, 0);
  });
});

describe('push', () => {
  let service: PushService;
  before(async () => {
    service = await startPushService();
  });
  after(() => service?.close());

  const retryable = (expected: boolean) => (error: unknown) =>
    error instanceof EngineError && error.retryable === expected;

  test('a browser decrypts what it was sent, and can tell who sent it', async () => {
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

  test('a dead subscription is told apart from a service in trouble and from a refusal', async () => {
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

  test('FCM is asked for one access token, and told what to show', async () => {
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

  test('FCM’s UNREGISTERED is a dead token; quota and trouble are not, and an access token that was taken back is asked for anew', async () => {
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

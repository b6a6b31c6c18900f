import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createTokenSeal, eraseDevices, registerDeviceRoutes } from '../../src/features/devices/index.ts';
import { createMembers, registerMemberRoutes } from '../../src/features/members/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { PUSH_SERVICES } from '../../src/ports/push.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';
import { subscribeBrowser } from '../support/push-service.ts';

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
    // On a slow machine some are turned away while the others wait for their turn.
    assert.deepEqual([count(200), count(400) + count(503)], [1, 199]);
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

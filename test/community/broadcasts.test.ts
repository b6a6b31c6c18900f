import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  pushBroadcast,
  registerBroadcastRoutes,
  sendBroadcast,
} from '../../src/features/broadcasts/index.ts';
import type { PushMessage } from '../../src/ports/push.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';

const never = new AbortController().signal;
const DAY = new Date('2026-03-02T12:00:00+09:00');
const LATE = new Date('2026-03-02T23:30:00+09:00');
const EARLY = new Date('2026-03-03T07:59:59+09:00');

describe('messages to all', () => {
  let database: TestDatabase;
  let call: ReturnType<typeof createCaller>;
  let app: ReturnType<typeof createMemberApp>;
  let [staff, mina, jun, sora]: number[] = [];
  const sent: { member: number; message: PushMessage }[] = [];
  before(async () => {
    database = await openTestDatabase();
    [staff, mina, jun, sora] = await insertMembers(database.db, ['Staff', 'Mina', 'Jun', 'Sora']);
    app = createMemberApp((id) => (id === staff ? ['marketer'] : ['member']));
    registerBroadcastRoutes(app, { db: database.db });
    call = createCaller(app);
    // Jun consents, Sora also at night, Mina does not.
    await database.db.query(
      `insert into notification_preferences (member_id, ads_since, ads_night_since)
       values ($1, now(), null), ($2, now(), now())`,
      [jun, sora],
    );
    for (const member of [mina, jun, sora])
      await database.db.query(
        `insert into devices (member_id, kind, name, token_hash, token_sealed, token_end) values ($1, 'fcm', 'p', $2, 's', 'end')`,
        [member, Buffer.from(`hash ${member}`)],
      );
  });
  after(async () => {
    await app?.close();
    await database?.close();
  });
  beforeEach(async () => {
    await database.db.query('truncate jobs, broadcasts');
    sent.length = 0;
  });

  const write = (body: object, by = staff, headers = {}) =>
    call(by, 'POST', '/api/broadcasts', body, headers);
  const jobs = () =>
    database.db.query<{
      payload: { broadcast_id: number; member_id: number; device_id: number };
      run_at: Date;
      planned: boolean;
    }>(`select payload, run_at from jobs where kind = 'push-broadcast' order by id`);
  /** Does what is due at that instant, and takes it off. */
  const pushAll = async (now: Date) => {
    const due = await jobs();
    await database.db.query(`delete from jobs where kind = 'push-broadcast'`);
    const send = async (member: number, _device: number, message: PushMessage) => {
      sent.push({ member, message });
      return 'delivered' as const;
    };
    for (const { payload } of due) await pushBroadcast({ db: database.db, send, now: () => now }, payload);
  };
  const members = () => sent.map((one) => one.member);

  test('reach every device once, however often their sending is tried', async () => {
    const { status, body } = await write({ title: '점검', body: '오늘 밤 점검합니다', advertising: false });
    assert.equal(status, 201);
    await Promise.all([1, 2, 3].map(() => sendBroadcast(database.db, { broadcast_id: body.id }, never)));
    await sendBroadcast(database.db, { broadcast_id: body.id }, never);
    await pushAll(LATE);
    assert.deepEqual(members(), [mina, jun, sora]);
    assert.equal(sent[0]!.message.title, '점검');
    assert.equal((await call(staff, 'GET', '/api/broadcasts')).body[0].is_sent_out, true);
  });

  test('advertising goes by day to those who consent, labelled, with the way out', async () => {
    const { body } = await write({ title: '봄 세일', body: '20% 할인', advertising: true });
    await sendBroadcast(database.db, { broadcast_id: body.id }, never);
    await pushAll(DAY);
    assert.deepEqual(members(), [jun, sora]);
    assert.deepEqual(
      sent.map(({ message }) => [message.title, message.body]),
      Array(2).fill(['(광고) 봄 세일', '20% 할인\n수신거부: 알림 설정']),
    );
  });

  test('advertising at night waits for the morning, unless there is consent for the night', async () => {
    const { body } = await write({ title: 't', body: 'b', advertising: true });
    await sendBroadcast(database.db, { broadcast_id: body.id }, never);
    await pushAll(LATE);
    assert.deepEqual(members(), [sora]);
    assert.equal((await jobs())[0]!.run_at.toISOString(), '2026-03-02T23:00:00.000Z');
    await pushAll(EARLY);
    assert.deepEqual(members(), [sora]);
    assert.equal((await jobs())[0]!.run_at.toISOString(), '2026-03-02T23:00:00.000Z');
    await pushAll(new Date('2026-03-03T08:00:00+09:00'));
    assert.deepEqual(members(), [sora, jun]);
    assert.deepEqual(await jobs(), []);
  });

  test('a consent that was withdrawn meanwhile holds', async () => {
    const { body } = await write({ title: 't', body: 'b', advertising: true });
    await sendBroadcast(database.db, { broadcast_id: body.id }, never);
    await database.db.query(
      'update notification_preferences set ads_since = null, ads_night_since = null where member_id = $1',
      [sora],
    );
    await pushAll(DAY);
    assert.deepEqual(members(), [jun]);
    await database.db.query(
      'update notification_preferences set ads_since = now(), ads_night_since = now() where member_id = $1',
      [sora],
    );
  });

  test('are written by staff alone, once for one key, and lead nowhere but here', async () => {
    const message = { title: 't', body: 'b', advertising: false };
    assert.equal((await write(message, mina)).status, 403);
    assert.equal((await write({ title: 't', body: 'b' })).status, 422);
    for (const path of ['//evil.example', 'https://evil.example', 'javascript:alert(1)'])
      assert.equal((await write({ ...message, path })).status, 422, path);
    const key = { 'idempotency-key': 'k1' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => write(message, staff, key)));
    assert.deepEqual(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.equal((await database.db.query('select 1 from broadcasts')).length, 1);
  });
});

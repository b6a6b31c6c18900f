import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { createWebPush, toVapidKeys } from '../../src/engines/webpush/web-push.ts';
import { createDeviceSender, createTokenSeal } from '../../src/features/devices/index.ts';
import { notifyOfComment, pushNotification } from '../../src/features/notifications/index.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertMembers } from '../support/member-app.ts';
import {
  type BrowserSubscription,
  type PushService,
  startPushService,
  subscribeBrowser,
} from '../support/push-service.ts';

/** 2026-03-02 23:30 in Seoul. */
const NIGHT = new Date('2026-03-02T14:30:00Z');

describe('notifications to devices', () => {
  let database: TestDatabase;
  let service: PushService;
  let browser: BrowserSubscription;
  let send: ReturnType<typeof createDeviceSender>;
  let [author, mina]: number[] = [];
  let post: number;
  const seal = createTokenSeal(randomBytes(32));
  before(async () => {
    database = await openTestDatabase();
    service = await startPushService();
    const { db } = database;
    [author, mina] = await insertMembers(db, ['Author', 'Mina']);
    const [board] = await db.query<{ id: number }>(
      `insert into boards (title, title_key) values ('b', 'b') returning id`,
    );
    const [made] = await db.query<{ id: number }>(
      `insert into posts (board_id, author_id, place, title, content, content_html)
       values ($1, $2, 1, '주말 등산', 'x', '') returning id`,
      [board!.id, author],
    );
    post = made!.id;
    send = createDeviceSender({
      db,
      seal,
      services: [service.origin],
      web: createWebPush({ keys: toVapidKeys(randomBytes(32)), subject: 'mailto:ops@example.com' }),
      fcm: undefined,
    });
  });
  after(async () => {
    await service?.close();
    await database?.close();
  });
  beforeEach(async () => {
    const { db } = database;
    await db.query(
      'truncate devices, jobs, notifications, notification_groups, inboxes, notification_preferences',
    );
    browser = subscribeBrowser(`${service.origin}/push`);
    await db.query(
      `insert into devices (member_id, kind, name, token_hash, token_sealed, token_end) values ($1, 'web', 'b', $2, $3, 'push')`,
      [author, seal.hash(browser.token), seal.seal(browser.token)],
    );
    service.answer('/push', 201);
    service.received.length = 0;
  });

  /** What the outbox holds for devices, after a comment. */
  async function comment() {
    const [row] = await database.db.query<{ id: number }>(
      `insert into comments (post_id, author_id, content, content_html) values ($1, $2, 'x', '') returning id`,
      [post, mina],
    );
    await notifyOfComment(database.db, row!.id, new AbortController().signal);
    return listJobs();
  }
  const listJobs = () =>
    database.db.query<{ payload: { notification_id: number; device_id: number }; run_at: Date }>(
      `select payload, run_at from jobs where kind = 'send-push' order by id`,
    );
  const push = (payload: { notification_id: number; device_id: number }, now = new Date()) =>
    pushNotification({ db: database.db, send, now: () => now }, payload);
  const prefer = (columns: string, values: string) =>
    database.db.query(`insert into notification_preferences (member_id, ${columns}) values ($1, ${values})`, [
      author,
    ]);

  test('a browser shows who did what, in the member’s language, and where it leads', async () => {
    const [job] = await comment();
    await push(job!.payload);
    assert.deepEqual(JSON.parse(browser.decrypt(service.received[0]!.body)), {
      title: 'Weir',
      body: 'Mina님이 ‘주말 등산’에 댓글을 남겼습니다.',
      path: `/boards/${1}/posts/${post}`,
      tag: `comment-${post}`,
    });
    await prefer('language', `'en'`);
    await push(job!.payload);
    assert.equal(
      JSON.parse(browser.decrypt(service.received[1]!.body)).body,
      'Mina commented on “주말 등산”.',
    );
  });

  test('a dead token is removed, one whose service is in trouble stays and is tried again', async () => {
    const [job] = await comment();
    service.answer('/push', 503);
    await assert.rejects(push(job!.payload));
    const devices = () => database.db.query('select 1 from devices');
    assert.equal((await devices()).length, 1);
    service.answer('/push', 410);
    await push(job!.payload);
    assert.equal((await devices()).length, 0);
    await push(job!.payload);
    assert.equal(service.received.length, 2);
  });

  test('what was read meanwhile, or is not wanted, is not sent', async () => {
    const [read] = await comment();
    await database.db.query('update notifications set read_at = now()');
    await push(read!.payload);
    const [, unwanted] = await comment();
    await prefer('off', `'{comment:push}'`);
    await push(unwanted!.payload);
    assert.equal(service.received.length, 0);
    await comment();
    assert.equal((await listJobs()).length, 2, 'no job is written for what is not wanted');
  });

  test('in quiet hours it waits for their end', async () => {
    const [job] = await comment();
    await prefer('quiet_from, quiet_to', `'22:00', '07:30'`);
    await push(job!.payload, NIGHT);
    assert.equal(service.received.length, 0);
    const [, later] = await listJobs();
    assert.equal(later!.run_at.toISOString(), '2026-03-02T22:30:00.000Z');
    await push(later!.payload, later!.run_at);
    assert.equal(service.received.length, 1);
  });
});

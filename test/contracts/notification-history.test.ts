import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openMongoNotifications } from '../../src/engines/mongodb/mongo-notifications.ts';
import {
  createNotificationStream,
  eraseHistory,
  notifyOfComment,
  registerNotificationRoutes,
  retireNotifications,
} from '../../src/features/notifications/index.ts';
import { EngineError } from '../../src/kit/errors.ts';
import type { NotificationHistory, PastNotification } from '../../src/ports/notification-history.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';
import { openTestMongo, type TestMongo, withoutMongo } from '../support/mongodb.ts';

const never = new AbortController().signal;

describe('the notification history of MongoDB', () => {
  const skip = withoutMongo;
  let mongo: TestMongo;
  let history: NotificationHistory;
  let database: TestDatabase;
  before(async () => {
    if (skip) return;
    mongo = await openTestMongo();
    history = await openMongoNotifications({ url: mongo.url, log: testLog });
    database = await openTestDatabase();
  });
  after(async () => {
    await history?.close();
    await mongo?.close();
    await database?.close();
  });

  const row = (id: number, member_id = 901): PastNotification => ({
    id: 1_000_000 + id,
    member_id,
    place: id,
    type: 'comment',
    post_id: 5,
    comment_id: id,
    actor_id: 9,
    created_at: new Date('2026-01-01T00:00:00Z'),
    read_at: null,
    note: '',
  });
  const ids = (rows: readonly { id: number }[]) => rows.map((one) => one.id);
  const places = (rows: readonly { place: number }[]) => rows.map((one) => one.place);

  test('NH-1, NH-2: what is kept is there once, a member’s own, newest first', { skip }, async () => {
    await history.keep([row(1), row(2), row(3, 902)]);
    await history.keep([row(2), row(4)]);
    assert.deepEqual(places(await history.list(901, 100, 10)), [4, 2, 1]);
    assert.deepEqual(places(await history.list(901, 4, 1)), [2]);
    assert.deepEqual(await history.list(901, 2, 1), [row(1)]);
    assert.equal(await history.findPlace(901, 1_000_004), 4);
    assert.equal(await history.findPlace(902, 1_000_004), undefined);
    await history.keep([]);
  });

  test('NH-2: a list is read by its index', { skip }, async () => {
    const plan = await mongo.db
      .collection('notification_history')
      .find({ member_id: 901, place: { $lt: 100 } })
      .sort({ place: -1 })
      .limit(10)
      .explain('executionStats');
    assert.match(JSON.stringify(plan.queryPlanner.winningPlan), /member_listed/);
    assert.doesNotMatch(JSON.stringify(plan.queryPlanner.winningPlan), /COLLSCAN|"SORT"/);
  });

  test('NH-3: an erased member leaves none; while the history does not answer it is tried again later', {
    skip,
  }, async () => {
    const now = () => new Date('2026-01-01T00:00:00Z');
    await eraseHistory({ db: database.db, history, now }, { member_id: 902 });
    assert.deepEqual(await history.list(902, 100, 10), []);
    const down: NotificationHistory = { ...history, erase: () => Promise.reject(trouble()) };
    await eraseHistory({ db: database.db, history: down, now }, { member_id: 901 });
    const [job] = await database.db.query<{ run_at: Date }>(
      `select run_at from jobs where kind = 'erase-history'`,
    );
    assert.equal(job!.run_at.toISOString(), '2026-01-01T00:10:00.000Z');
  });

  test('NH-4: a server that is not there is trouble of the engine', { skip }, async () => {
    const nowhere = await openMongoNotifications({ url: 'mongodb://127.0.0.1:9/weir', log: testLog });
    await assert.rejects(nowhere.list(1, 2, 1), EngineError);
    await nowhere.close();
  });

  test('an inbox goes on in the history, without a gap, and says where that does not answer', {
    skip,
  }, async () => {
    const { db } = database;
    const [author, mina] = await insertMembers(db, ['Author', 'Mina']);
    const [post] = await db.query<{ id: number }>(
      `with board as (insert into boards (title, title_key) values ('b', 'b') returning id)
       insert into posts (board_id, author_id, place, title, content, content_html)
       select id, $1, 1, 't', 'x', '' from board returning id`,
      [author],
    );
    for (let at = 0; at < 25; at += 1) {
      const [comment] = await db.query<{ id: number }>(
        `insert into comments (post_id, author_id, content, content_html) values ($1, $2, 'x', '') returning id`,
        [post!.id, mina],
      );
      await notifyOfComment(db, comment!.id, never);
    }
    await db.query(`update notifications set created_at = now() - interval '91 days' where place <= 18`);
    const dies: NotificationHistory = {
      ...history,
      keep: async (rows) => {
        await history.keep(rows);
        throw trouble();
      },
    };
    await assert.rejects(retireNotifications({ db, history: dies }, never));
    await retireNotifications({ db, history }, never);
    const [inbox] = await db.query<{ unread: number }>('select unread from inboxes where member_id = $1', [
      author,
    ]);
    assert.equal(inbox!.unread, 7);
    const [left] = await db.query<{ count: number }>(
      'select count(*) as count from notifications where member_id = $1',
      [author],
    );
    assert.equal(left!.count, 7);

    let broken = false;
    const app = createMemberApp();
    const stream = createNotificationStream(db, testLog);
    const served: NotificationHistory = {
      ...history,
      list: (...args) => (broken ? Promise.reject(trouble()) : history.list(...args)),
    };
    registerNotificationRoutes(app, { db, stream, history: served, isSignedIn: () => true });
    const call = createCaller(app);
    const seen: number[] = [];
    for (let url: string | undefined = '/api/notifications'; url; ) {
      const page: Awaited<ReturnType<typeof call>> = await call(author, 'GET', url);
      seen.push(...ids(page.body));
      url = /<([^>]+)>; rel="next"/.exec(String(page.headers.link))?.[1];
    }
    assert.equal(seen.length, 25);
    assert.equal(new Set(seen).size, 25);
    broken = true;
    const partial = await call(author, 'GET', '/api/notifications');
    assert.deepEqual(
      [partial.status, partial.body.length, partial.headers['weir-history']],
      [200, 7, 'unavailable'],
    );
    await stream.close();
    await app.close();
  });
});

function trouble(): EngineError {
  return new EngineError({
    engine: 'mongodb',
    operation: 'x',
    retryable: true,
    mayHaveHappened: true,
    cause: 'down',
  });
}

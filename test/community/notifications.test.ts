import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  createNotificationStream,
  eraseNotifications,
  type NotificationStream,
  notifyOfComment,
  notifyOfPost,
  registerNotificationRoutes,
} from '../../src/features/notifications/index.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;

describe('notifications', () => {
  let database: TestDatabase;
  let app: ReturnType<typeof createMemberApp>;
  let call: ReturnType<typeof createCaller>;
  let stream: NotificationStream;
  let board: number;
  let [author, mina, jun, sora]: number[] = [];
  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    [author, mina, jun, sora] = await insertMembers(db, ['Author', 'Mina', 'Jun', 'Sora']);
    board = await insert(`insert into boards (title, title_key) values ('b', 'b') returning id`);
    stream = createNotificationStream(db, testLog);
    app = createMemberApp();
    registerNotificationRoutes(app, { db, stream, history: undefined, isSignedIn: () => signedIn });
    await app.listen({ host: '127.0.0.1', port: 0 });
    call = createCaller(app);
  });
  after(async () => {
    await stream?.close();
    await app?.close();
    await database?.close();
  });

  let signedIn = true;
  let places = 0;
  const insert = async (text: string, values: unknown[] = []) =>
    (await database.db.query<{ id: number }>(text, values))[0]!.id;
  const addPost = (content = 'text', title = '제목') =>
    insert(
      `insert into posts (board_id, author_id, place, title, content, content_html)
       values ($1, $2, $3, $4, $5, '') returning id`,
      [board, author, ++places, title, content],
    );
  const addComment = (post: number, by: number, content = 'text', parent?: number) =>
    insert(
      `insert into comments (post_id, author_id, parent_id, content, content_html) values ($1, $2, $3, $4, '') returning id`,
      [post, by, parent ?? null, content],
    );
  const comment = async (post: number, by: number, content?: string, parent?: number) => {
    const id = await addComment(post, by, content, parent);
    await notifyOfComment(database.db, id, never);
    return id;
  };
  const inbox = async (member: number, query = '') =>
    (await call(member, 'GET', `/api/notifications${query}`)).body;
  const unread = async (member: number) =>
    (await call(member, 'GET', '/api/notifications/unread_count')).body.count;
  const types = async (member: number, commentId: number) =>
    (await inbox(member))
      .filter((one: { comment_id: number }) => one.comment_id === commentId)
      .map((one: { type: string }) => one.type);
  const clear = () =>
    database.db.query(
      'truncate notifications, notification_groups, inboxes, notification_preferences, muted_posts',
    );

  test('of a comment the post’s author, its own and all who commented before are told, each once', async () => {
    await clear();
    const post = await addPost();
    await comment(post, mina!);
    await comment(post, mina!);
    const id = await comment(post, jun!);
    for (const member of [author!, mina!, jun!]) assert.deepEqual(await types(member, id), ['comment']);
    assert.deepEqual(await inbox(sora!), []);
    await notifyOfComment(database.db, id, never);
    await Promise.allSettled(Array.from({ length: 4 }, () => notifyOfComment(database.db, id, never)));
    assert.deepEqual([await unread(author!), await unread(mina!), await unread(jun!)], [3, 3, 1]);
  });

  test('who is told for several reasons is told the one that says most', async () => {
    await clear();
    const post = await addPost();
    const root = await comment(post, mina!);
    const reply = await comment(post, jun!, `@[Sora](/members/${sora}) \`@[x](/members/${author})\``, root);
    assert.deepEqual(await types(mina!, reply), ['reply']);
    assert.deepEqual(await types(sora!, reply), ['mention']);
    assert.deepEqual(await types(author!, reply), ['comment']);
  });

  test('the author of a post is told of it, and whom it names; what was deleted meanwhile is not told of', async () => {
    await clear();
    const post = await addPost(`@[Mina](/members/${mina})`);
    await notifyOfPost(database.db, post, never);
    assert.equal((await inbox(author!))[0].type, 'post');
    assert.equal((await inbox(mina!))[0].type, 'mention');
    const gone = await addPost();
    const late = await addComment(gone, mina!);
    await database.db.query('update posts set is_deleted = true, deleted_at = now() where id = $1', [gone]);
    await notifyOfPost(database.db, gone, never);
    await notifyOfComment(database.db, late, never);
    assert.equal((await inbox(author!)).length, 1);
  });

  test('preferences decide by type and channel; own acts and a muted post are left out', async () => {
    await clear();
    const { body: defaults } = await call(mina!, 'GET', '/api/notifications/preferences');
    const { muted_posts: none, ...preferences } = defaults;
    assert.deepEqual(none, []);
    const types = { ...preferences.types, comment: { inbox: false, push: true, email: false } };
    const saved = await call(mina!, 'PUT', '/api/notifications/preferences', {
      ...preferences,
      types,
      quiet_hours: { from: '22:00', to: '07:30' },
    });
    assert.deepEqual(saved.body.types.comment, { inbox: false, push: true, email: false });
    await call(jun!, 'PUT', '/api/notifications/preferences', { ...preferences, own_acts: false });
    const post = await addPost();
    assert.equal((await call(author!, 'PUT', `/api/notifications/muted_posts/${post}`)).status, 204);
    await comment(post, mina!);
    await comment(post, jun!);
    assert.deepEqual([await unread(mina!), await unread(jun!), await unread(author!)], [0, 0, 0]);
    await call(author!, 'DELETE', `/api/notifications/muted_posts/${post}`);
    await comment(post, jun!);
    assert.deepEqual([await unread(mina!), await unread(jun!), await unread(author!)], [0, 0, 1]);
  });

  test('preferences that cannot be are refused, each field by name', async () => {
    const { muted_posts: _, ...preferences } = (await call(sora!, 'GET', '/api/notifications/preferences'))
      .body;
    for (const [change, path] of [
      [{ time_zone: 'Asia/Pyeongyang' }, 'time_zone'],
      [{ quiet_hours: { from: '08:00', to: '08:00' } }, 'quiet_hours'],
      [{ quiet_hours: { from: '8', to: '09:00' } }, 'quiet_hours.from'],
      [{ digest: 'hourly' }, 'digest'],
    ] as const) {
      const { status, body } = await call(sora!, 'PUT', '/api/notifications/preferences', {
        ...preferences,
        ...change,
      });
      assert.equal(status, 422);
      assert.ok(
        body.errors.some((error: { path: string }) => error.path === path),
        JSON.stringify(body.errors),
      );
    }
    assert.equal((await call(sora!, 'PUT', '/api/notifications/muted_posts/999999')).status, 404);
  });

  test('members who may not read the board, or are gone, are not told', async () => {
    await clear();
    const post = await addPost();
    await comment(post, mina!);
    await comment(post, sora!);
    await clear();
    await database.db.query(`update boards set read_role = 'moderator' where id = $1`, [board]);
    await database.db.query('insert into board_moderators (board_id, member_id) values ($1, $2)', [
      board,
      mina,
    ]);
    await database.db.query('update members set deleted_at = now() where id = $1', [sora]);
    await comment(post, jun!);
    assert.deepEqual([await unread(mina!), await unread(author!), await unread(sora!)], [1, 0, 0]);
    await database.db.query(`update boards set read_role = 'anyone' where id = $1`, [board]);
    await database.db.query('update members set deleted_at = null where id = $1', [sora]);
    await comment(post, jun!);
    assert.equal(await unread(sora!), 1);
  });

  test('the inbox pages both ways without losing or doubling one while others come, and counts in one row', async () => {
    await clear();
    const post = await addPost();
    for (let at = 0; at < 25; at += 1) await comment(post, mina!);
    const first = await call(author!, 'GET', '/api/notifications');
    assert.equal(first.body.length, 10);
    await Promise.all(Array.from({ length: 5 }, () => comment(post, jun!)));
    const ids: number[] = first.body.map((one: { id: number }) => one.id);
    for (let link = next(first.headers.link, 'next'); link; ) {
      const page = await call(author!, 'GET', link);
      ids.push(...page.body.map((one: { id: number }) => one.id));
      link = next(page.headers.link, 'next');
    }
    assert.equal(new Set(ids).size, 25);
    assert.equal(ids.length, 25);
    const newer = await call(author!, 'GET', next(first.headers.link, 'prev')!);
    assert.equal(newer.body.length, 5);
    assert.equal(await unread(author!), 30);
    const { status, body } = await call(author!, 'POST', `/api/notifications/${ids[0]}/read`);
    assert.deepEqual([status, body.is_read], [200, true]);
    await call(author!, 'POST', `/api/notifications/${ids[0]}/read`);
    assert.equal(await unread(author!), 29);
    assert.equal((await call(mina!, 'POST', `/api/notifications/${ids[0]}/read`)).status, 404);
    assert.equal((await inbox(author!, '?unread=true')).length, 10);
    assert.equal((await call(author!, 'POST', '/api/notifications/read_all')).body.read, 29);
    assert.deepEqual([await unread(author!), await inbox(author!, '?unread=true')], [0, []]);
  });

  test('what several did to one post is one line, until it is read', async () => {
    await clear();
    const post = await addPost('text', '주말 등산');
    for (const by of [mina!, jun!, jun!, sora!]) await comment(post, by);
    const groups = async () => (await call(author!, 'GET', '/api/notifications/grouped')).body;
    const [group] = await groups();
    assert.deepEqual([group.people, group.unread], [3, 4]);
    assert.equal(group.text, 'Sora님 외 2명이 ‘주말 등산’에 댓글을 남겼습니다.');
    assert.deepEqual(
      group.actors.map((one: { id: number }) => one.id),
      [sora, jun, mina],
    );
    assert.equal(group.actors[0].username, 's***@e***.com');
    await call(author!, 'POST', '/api/notifications/read_all');
    await comment(post, mina!);
    assert.deepEqual(
      (await groups()).map((one: { people: number }) => one.people),
      [1, 3],
    );
  });

  test('a stream tells of each as it comes and resumes behind the last that was seen; a sign-out ends it', async () => {
    await clear();
    signedIn = true;
    const post = await addPost();
    const before = await comment(post, mina!);
    const live = await openStream(author!);
    const later = await comment(post, mina!);
    await until(() => live.comments().includes(later));
    assert.ok(!live.comments().includes(before));
    const lastId = live.ids().at(-1)!;
    live.close();
    const missed = [await comment(post, jun!), await comment(post, mina!)];
    const resumed = await openStream(author!, String(lastId));
    await until(() => resumed.comments().length === 2);
    assert.deepEqual(resumed.comments(), missed);
    signedIn = false;
    await until(() => resumed.ended());
    signedIn = true;
    assert.equal(stream.listeners(), 0);
  });

  test('who hangs up before the stream begins leaves nothing behind', async () => {
    const { port } = app.server.address() as AddressInfo;
    for (let times = 0; times < 20; times += 1) {
      const socket = connect(port, '127.0.0.1');
      const gone = once(socket, 'close');
      app.server.once('request', () => socket.destroy());
      socket.write(
        `GET /api/notifications/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${author}\r\n\r\n`,
      );
      await gone;
    }
    // Behind what the hung up ones asked of the database.
    for (let times = 0; times < 5; times += 1) await unread(author!);
    assert.equal(stream.listeners(), 0);
  });

  test('ten thousand commenters are told, each once, with two jobs at once and one that dies between', async () => {
    await clear();
    const post = await addPost();
    await database.db.query(
      `with many as (insert into members (username, password_hash) select 'many' || n || '@example.com', 'none'
         from generate_series(1, 10000) n returning id)
       insert into comments (post_id, author_id, content, content_html) select $1, id, 'x', '' from many`,
      [post],
    );
    const id = await addComment(post, mina!);
    const dies = new AbortController();
    const first = notifyOfComment(database.db, id, dies.signal);
    await until(async () => (await count()) > 1_000);
    dies.abort();
    await assert.rejects(first);
    await Promise.allSettled([1, 2].map(() => notifyOfComment(database.db, id, never)));
    await notifyOfComment(database.db, id, never);
    assert.equal(await count(), 10_002);
    const [odd] = await database.db.query<{ count: number }>(
      `select count(*) as count from inboxes where unread <> 1 or last_place <> 1`,
    );
    assert.equal(odd!.count, 0);
  });

  test('a device hears by a job of its own, written with the notification', async () => {
    await clear();
    await database.db.query('delete from jobs');
    await database.db.query(
      `insert into devices (member_id, kind, name, token_hash, token_sealed, token_end) values ($1, 'fcm', 'p', 'h', 's', 'end')`,
      [author],
    );
    const post = await addPost();
    await comment(post, mina!);
    const jobs = await database.db.query(`select payload from jobs where kind = 'send-push'`);
    assert.equal(jobs.length, 1);
  });

  test('an erased member leaves nothing in inbox or preferences', async () => {
    await database.db.transaction((tx) => eraseNotifications(tx, mina!));
    assert.deepEqual([await inbox(mina!), await unread(mina!)], [[], 0]);
  });

  const count = async () =>
    (await database.db.query<{ count: number }>('select count(*) as count from notifications'))[0]!.count;

  async function openStream(member: number, lastEventId?: string) {
    const stop = new AbortController();
    const { port } = app.server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/api/notifications/stream`, {
      headers: { authorization: `Bearer ${member}`, ...(lastEventId && { 'last-event-id': lastEventId }) },
      signal: stop.signal,
    });
    let text = '';
    let ended = false;
    void (async () => {
      for await (const chunk of answer.body!) text += Buffer.from(chunk).toString();
      ended = true;
    })().catch(() => undefined);
    await until(() => text.includes(': open'));
    return {
      comments: () => [...text.matchAll(/"comment_id":(\d+)/g)].map(([, id]) => Number(id)),
      ids: () => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id)),
      ended: () => ended,
      close: () => stop.abort(),
    };
  }
});

function next(link: unknown, rel: string): string | undefined {
  return new RegExp(`<([^>]+)>; rel="${rel}"`).exec(String(link))?.[1];
}

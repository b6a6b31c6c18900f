import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { appendAudit, checkAudit, registerAuditRoutes } from '../../src/features/audit/index.ts';
import { createBoardCache } from '../../src/features/boards/index.ts';
import { createMembers } from '../../src/features/members/index.ts';
import {
  createTextRules,
  registerModerationRoutes,
  registerReactionRoutes,
  type TextRules,
} from '../../src/features/moderation/index.ts';
import {
  createNotificationStream,
  registerNotificationRoutes,
} from '../../src/features/notifications/index.ts';
import { createSessions, registerSessionRoutes } from '../../src/features/sessions/index.ts';
import { cookieNames } from '../../src/http/authenticate.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';
import { openPostingApp } from '../support/posting-app.ts';

describe('moderation', () => {
  let database: TestDatabase;
  let app: ReturnType<typeof createMemberApp>;
  let call: ReturnType<typeof createCaller>;
  let rules: TextRules;
  let [author, mina, jun, moderator, admin]: number[] = [];
  let board: number;
  const closing: (() => Promise<void>)[] = [];
  const forgotten: string[] = [];
  const revoked: number[] = [];
  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    [author, mina, jun, moderator, admin] = await insertMembers(db, [
      'Author',
      'Mina',
      'Jun',
      'Mod',
      'Admin',
    ]);
    await db.query(`update members set roles = '{member,admin}' where id = $1`, [admin]);
    await db.query(`update members set created_at = now() - interval '2 days' where id <> $1`, [jun]);
    board = await insert(`insert into boards (title, title_key) values ('b', 'b') returning id`);
    await db.query('insert into board_places (board_id, last_place) values ($1, 100)', [board]);
    await db.query('insert into board_moderators (board_id, member_id) values ($1, $2)', [board, moderator]);
    const boards = createBoardCache(db, systemClock, testLog);
    rules = createTextRules(db, systemClock, testLog);
    closing.push(boards.close, rules.close);
    app = createMemberApp((id) => (id === admin ? ['member', 'admin'] : ['member']));
    registerReactionRoutes(app, { db, boards });
    registerAuditRoutes(app, { db });
    registerModerationRoutes(app, {
      db,
      boards,
      rules,
      forget: (b, p) => void forgotten.push(`${b}/${p}`),
      tokensChanged: (id) => void revoked.push(id),
    });
    call = createCaller(app);
  });
  after(async () => {
    await app?.close();
    for (const close of closing) await close();
    await database?.close();
  });

  let places = 0;
  const insert = async (text: string, values: unknown[] = []) =>
    (await database.db.query<{ id: number }>(text, values))[0]!.id;
  const addPost = () =>
    insert(
      `insert into posts (board_id, author_id, place, title, content, content_html) values ($1, $2, $3, 't', 'text', '') returning id`,
      [board, author, ++places],
    );
  const addComment = (post: number, parent?: number) =>
    insert(
      `insert into comments (post_id, parent_id, author_id, content, content_html) values ($1, $2, $3, 'x', '') returning id`,
      [post, parent ?? null, mina],
    );
  const queue = async (by: number) =>
    (await call(by, 'GET', '/api/moderation/queue')).body.map(
      (one: { kind: string; id: number; reports: number }) => `${one.kind} ${one.id} ${one.reports}`,
    );

  test('a member reacts once with each sign, and takes it back', async () => {
    const post = await addPost();
    const path = `/api/reactions/post/${post}`;
    const sign = encodeURIComponent('👍');
    await Promise.all(Array.from({ length: 20 }, () => call(mina!, 'PUT', `${path}/${sign}`)));
    await call(jun!, 'PUT', `${path}/${sign}`);
    await call(jun!, 'PUT', `${path}/${encodeURIComponent('❤️')}`);
    assert.deepEqual((await call(mina!, 'GET', path)).body, [
      { emoji: '👍', count: 2, mine: true },
      { emoji: '❤️', count: 1, mine: false },
    ]);
    const left = (await call(jun!, 'DELETE', `${path}/${sign}`)).body;
    assert.deepEqual(
      left.find((one: { emoji: string }) => one.emoji === '👍'),
      {
        emoji: '👍',
        count: 1,
        mine: false,
      },
    );
    assert.equal((await call(mina!, 'PUT', `${path}/x`)).status, 422);
    assert.equal((await call(mina!, 'PUT', `/api/reactions/post/999999/${sign}`)).status, 404);
    assert.equal((await call(undefined, 'PUT', `${path}/${sign}`)).status, 401);
  });

  test('bookmarks are kept newest first, and lose what was deleted', async () => {
    const posts = [await addPost(), await addPost(), await addPost()];
    for (const post of [...posts, posts[0]!])
      assert.equal((await call(mina!, 'PUT', `/api/bookmarks/${post}`)).status, 204);
    await database.db.query('update posts set is_deleted = true, deleted_at = now() where id = $1', [
      posts[1],
    ]);
    const listed = (await call(mina!, 'GET', '/api/bookmarks')).body.map(
      (one: { post: { id: number } }) => one.post.id,
    );
    assert.deepEqual(listed, [posts[2], posts[0]]);
    await call(mina!, 'DELETE', `/api/bookmarks/${posts[2]}`);
    assert.equal((await call(mina!, 'GET', '/api/bookmarks')).body.length, 1);
    assert.deepEqual((await call(jun!, 'GET', '/api/bookmarks')).body, []);
  });

  test('a report counts once a member, waits for those who moderate, and is settled by an act', async () => {
    const post = await addPost();
    const comment = await addComment(post);
    const report = (by: number, kind: string, id: number) =>
      call(by, 'POST', `/api/reports/${kind}/${id}`, { reason: 'spam' });
    for (const by of [mina!, mina!, jun!]) assert.equal((await report(by, 'post', post)).status, 200);
    await report(jun!, 'comment', comment);
    assert.deepEqual(await queue(moderator!), [`post ${post} 2`, `comment ${comment} 1`]);
    assert.deepEqual(await queue(admin!), [`post ${post} 2`, `comment ${comment} 1`]);
    assert.equal((await call(mina!, 'GET', '/api/moderation/queue')).status, 403);
    assert.equal((await call(mina!, 'POST', `/api/moderation/post/${post}/hide`, {})).status, 404);
    assert.equal(
      (await call(moderator!, 'POST', `/api/moderation/post/${post}/hide`, { note: 'ad' })).status,
      200,
    );
    assert.equal(
      (await call(moderator!, 'POST', `/api/moderation/comment/${comment}/dismiss`, {})).status,
      200,
    );
    assert.deepEqual(await queue(moderator!), []);
    assert.equal((await call(moderator!, 'POST', `/api/moderation/post/${post}/hide`, {})).status, 409);
    assert.ok(forgotten.includes(`${board}/${post}`));
    const [row] = await database.db.query<{ hidden: boolean }>(
      'select hidden_at is not null as hidden from posts where id = $1',
      [post],
    );
    assert.equal(row!.hidden, true);
    const jobs = await database.db.query(`select 1 from jobs where kind = 'index-post' and key = $1`, [
      String(post),
    ]);
    assert.equal(jobs.length, 1, 'the search index hears of it');
    assert.equal((await report(mina!, 'post', post)).status, 404);
    await call(admin!, 'POST', `/api/moderation/post/${post}/restore`, {});
    const { body: log } = await call(admin!, 'GET', `/api/audit?subject=post:${post}`);
    assert.deepEqual(
      log.map((one: { action: string }) => one.action),
      ['post.restore', 'post.hide'],
    );
    assert.deepEqual(log[1].detail, { reports: 2, note: 'ad' });
  });

  test('a hidden reply leaves its parent’s number, and comes back to it', async () => {
    const post = await addPost();
    const root = await addComment(post);
    await database.db.query('update comments set replies = 1 where id = $1', [root]);
    const reply = await addComment(post, root);
    const replies = async () =>
      (await database.db.query<{ replies: number }>('select replies from comments where id = $1', [root]))[0]!
        .replies;
    await call(moderator!, 'POST', `/api/moderation/comment/${reply}/hide`, {});
    assert.equal(await replies(), 0);
    await call(moderator!, 'POST', `/api/moderation/comment/${reply}/restore`, {});
    assert.equal(await replies(), 1);
  });

  test('words are refused or held within a second of an admin’s word, and every change is in the log', async () => {
    const word = (body: object) => call(admin!, 'POST', '/api/moderation/words', body);
    assert.equal((await word({ word: '도박', rule: 'hold' })).status, 201);
    const refused = await word({ word: '먹튀', rule: 'refuse' });
    assert.equal(await rules.judge(mina!, 'content', '도 박 사이트'), 'hold');
    await assert.rejects(rules.judge(mina!, 'content', 'ㅁㅓㄱ튀'), { code: 'invalid' });
    assert.equal(await rules.judge(mina!, 'content', '먹고 튀었다'), 'show');
    await call(admin!, 'DELETE', `/api/moderation/words/${refused.body.id}`);
    assert.equal(await rules.judge(mina!, 'content', '먹튀'), 'show');
    assert.equal((await word({ word: '...', rule: 'hold' })).status, 422);
    assert.equal(
      (await call(moderator!, 'POST', '/api/moderation/words', { word: 'x', rule: 'hold' })).status,
      403,
    );
  });

  test('a post with a held word waits for a moderator, an edit that adds one too', async () => {
    const log = await openTestLog(database);
    const posting = openPostingApp(database.db, log);
    closing.push(posting.close, log.close);
    await call(admin!, 'POST', '/api/moderation/words', { word: '도박장', rule: 'hold' });
    const posts = `/api/boards/${board}/posts`;
    const write = (body: object) => posting.call(mina!, 'POST', posts, body);
    const listed = async () =>
      (await posting.call(undefined, 'GET', posts)).body.map((one: { id: number }) => one.id);
    const held = await write({ title: '좋은 곳', content: '도 박 장 홍보' });
    assert.equal(held.status, 201);
    const shown = await write({ title: '산책', content: '오늘' });
    const draft = await write({ title: '도박장', content: 'x', is_draft: true });
    const published = await posting.call(mina!, 'PUT', `${posts}/${draft.body.id}`, { is_draft: false });
    assert.equal(published.status, 200);
    assert.deepEqual(
      [(await listed()).includes(held.body.id), (await listed()).includes(draft.body.id)],
      [false, false],
    );
    await posting.call(mina!, 'PUT', `${posts}/${shown.body.id}`, { content: '도박장' });
    assert.ok(!(await listed()).includes(shown.body.id));
    const waiting = await queue(moderator!);
    for (const one of [held, draft, shown])
      assert.ok(waiting.includes(`post ${one.body.id} 1`), `${waiting}`);
    const told = () =>
      database.db.query(`select 1 from jobs where kind = 'notify-post' and payload->>'post_id' = $1`, [
        String(held.body.id),
      ]);
    assert.equal((await told()).length, 0);
    await call(moderator!, 'POST', `/api/moderation/post/${held.body.id}/restore`, {});
    assert.equal((await told()).length, 1);
  });

  test('a member of the first day links once and mentions five at most; who looks after the place is free', async () => {
    const links = 'https://a.example https://b.example';
    await assert.rejects(rules.judge(jun!, 'content', links), { code: 'invalid' });
    assert.equal(await rules.judge(jun!, 'content', 'https://a.example'), 'show');
    assert.equal(await rules.judge(mina!, 'content', links), 'show');
    const mentions = (count: number) => `@[Mina](/members/${mina}) `.repeat(count);
    await assert.rejects(rules.judge(jun!, 'content', mentions(6)), { code: 'invalid' });
    assert.equal(await rules.judge(jun!, 'content', mentions(5)), 'show');
    const [steward, other] = await insertMembers(database.db, ['Steward', 'Other']);
    await database.db.query(`update members set roles = '{member,admin}' where id = $1`, [steward]);
    assert.equal(await rules.judge(steward!, 'content', links), 'show');
    await database.db.query('insert into board_moderators (board_id, member_id) values ($1, $2)', [
      board,
      other,
    ]);
    assert.equal(await rules.judge(other!, 'content', links), 'show');
  });

  test('a warning is in the member’s inbox and in the audit log, each one of its own', async () => {
    for (const reason of ['광고 금지', '욕설 금지'])
      assert.equal(
        (await call(admin!, 'POST', `/api/moderation/members/${mina}/warn`, { reason })).status,
        200,
      );
    assert.equal(
      (await call(admin!, 'POST', '/api/moderation/members/999999/warn', { reason: 'x' })).status,
      404,
    );
    const stream = createNotificationStream(database.db, testLog);
    closing.push(stream.close);
    const web = createMemberApp();
    registerNotificationRoutes(web, { db: database.db, stream, history: undefined, isSignedIn: () => true });
    const inbox = createCaller(web);
    const texts = (answer: { body: { text: string }[] }) => answer.body.map((one) => one.text);
    const wanted = ['운영진의 경고입니다: 욕설 금지', '운영진의 경고입니다: 광고 금지'];
    assert.deepEqual(texts(await inbox(mina!, 'GET', '/api/notifications')), wanted);
    assert.deepEqual(texts(await inbox(mina!, 'GET', '/api/notifications/grouped')), wanted);
    assert.equal((await inbox(mina!, 'GET', '/api/notifications/unread_count')).body.count, 2);
    const { body: log } = await call(admin!, 'GET', `/api/audit?subject=member:${mina}`);
    assert.equal(log.filter((one: { action: string }) => one.action === 'member.warn').length, 2);
    await web.close();
  });

  test('the audit log is one chain: what is altered, removed or put in is found', async () => {
    const { db } = database;
    await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        db.transaction((tx) =>
          appendAudit(tx, { actorId: admin, action: 'test', subject: `n:${at}`, detail: { b: at, a: 'x' } }),
        ),
      ),
    );
    const whole = await checkAudit(db);
    assert.equal(whole.brokenAt, undefined);
    assert.ok(whole.rows >= 20);
    const breaks = async (statement: string) => {
      let found: number | undefined;
      await db
        .transaction(async (tx) => {
          await tx.query(statement);
          found = (await checkAudit(tx)).brokenAt;
          throw new Error('undone');
        })
        .catch(() => undefined);
      return found;
    };
    assert.equal(await breaks(`update audit_log set detail = '{"b": 99, "a": "x"}' where seq = 3`), 3);
    assert.equal(await breaks('delete from audit_log where seq = 5'), 6);
    assert.equal(await breaks(`update audit_log set actor_id = ${mina} where seq = 7`), 7);
    assert.equal(await breaks("update audit_log set at = at + interval '1 second' where seq = 2"), 2);
    assert.equal((await call(admin!, 'GET', '/api/audit/check')).body.broken_at, null);
    assert.equal((await call(moderator!, 'GET', '/api/audit')).status, 403);
  });

  test('a banned member’s sessions end at once, and signing in says why and until when', async () => {
    const { db } = database;
    const members = createMembers({ db });
    const sessions = createSessions({ db, clock: systemClock, log: testLog, members });
    await sessions.start();
    closing.push(sessions.stop);
    const web = createMemberApp();
    registerSessionRoutes(web, {
      members,
      sessions,
      clock: systemClock,
      cookies: cookieNames(false),
      secure: false,
      rateLimits: false,
    });
    const outside = createCaller(web);
    const who = { username: 'troll@example.com', password: 'correct horse battery' };
    const troll = await members.create(who);
    const { body: tokens } = await outside(undefined, 'POST', '/api/token/pair', who);
    const ban = (id: number, body: object) => call(admin!, 'POST', `/api/moderation/members/${id}/ban`, body);
    assert.equal((await ban(troll.id, { reason: 'spam', until: '2099-01-01T00:00:00Z' })).status, 200);
    assert.ok(revoked.includes(troll.id));
    members.tokensChanged(troll.id, (await members.get(troll.id)).tokenVersion);
    assert.throws(() => sessions.verifyAccess(tokens.access));
    assert.equal(
      (await outside(undefined, 'POST', '/api/token/refresh', { refresh: tokens.refresh })).status,
      401,
    );
    const refused = await outside(undefined, 'POST', '/api/token/pair', who);
    assert.equal(refused.status, 403);
    assert.match(refused.body.detail, /until 2099-01-01T00:00:00\.000Z: spam/);
    assert.equal(
      (await outside(undefined, 'POST', '/api/token/pair', { ...who, password: 'wrong' })).status,
      401,
    );
    assert.equal((await call(admin!, 'DELETE', `/api/moderation/members/${troll.id}/ban`)).status, 204);
    assert.equal((await outside(undefined, 'POST', '/api/token/pair', who)).status, 200);
    assert.equal((await ban(admin!, { reason: 'x' })).status, 404);
    assert.equal((await ban(999_999, { reason: 'x' })).status, 404);
    assert.equal((await ban(troll.id, { reason: 'x', until: 'soon' })).status, 422);
    await web.close();
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createBoardCache } from '../../src/features/boards/index.ts';
import {
  createCommentGroups,
  createCommentPages,
  registerCommentRoutes,
} from '../../src/features/comments/index.ts';
import { createPostCache, createRenderer } from '../../src/features/posts/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';

describe('comments', () => {
  let database: TestDatabase;
  let app: ReturnType<typeof createMemberApp>;
  let call: ReturnType<typeof createCaller>;
  let board: number;
  let [author, mina, jun, admin]: number[] = [];
  const closing: (() => Promise<void>)[] = [];
  let queries = 0;
  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    [author, mina, jun, admin] = await insertMembers(db, ['Author', 'Mina', 'Jun', 'Admin']);
    board = await insert(`insert into boards (title, title_key) values ('b', 'b') returning id`);
    const counted: typeof db = {
      ...db,
      query: (...args) => {
        queries += 1;
        return db.query(...args);
      },
    };
    app = createMemberApp((id) => (id === admin ? ['member', 'admin'] : ['member']));
    const boards = createBoardCache(counted, systemClock, testLog);
    const posts = createPostCache(counted, systemClock, testLog);
    const pages = createCommentPages(counted, systemClock, testLog);
    const groups = createCommentGroups(counted, systemClock, { limited: false });
    const renderer = createRenderer();
    closing.push(boards.close, posts.close, pages.close, groups.close, renderer.close);
    const judgeText = async (_member: number, _path: string, text: string) =>
      text.includes('held') ? ('hold' as const) : ('show' as const);
    registerCommentRoutes(app, {
      db: counted,
      boards,
      posts,
      pages,
      groups,
      renderer,
      judgeText,
      requirePrecondition: false,
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
      `insert into posts (board_id, author_id, place, title, content, content_html)
       values ($1, $2, $3, 't', 'x', '') returning id`,
      [board, author, ++places],
    );
  const url = (post: number, rest = '') => `/api/boards/${board}/posts/${post}/comments${rest}`;
  const write = (post: number, by: number | undefined, body: object, headers = {}) =>
    call(by, 'POST', url(post), body, headers);
  const ids = (page: { results: { id: number }[] }) => page.results.map((one) => one.id);

  test('a comment is written, rendered and listed, the oldest first, with its job', async () => {
    const post = await addPost();
    const made = await write(post, mina!, { content: '**안녕** <b>x</b>' });
    assert.equal(made.status, 201);
    assert.match(made.body.content_html, /<strong>안녕<\/strong> &lt;b&gt;/);
    assert.deepEqual(made.body.author, { id: mina, username: 'mina@example.com', display_name: 'Mina' });
    const second = await write(post, jun!, { content: 'two', parent: 0 });
    const { body } = await call(undefined, 'GET', url(post));
    assert.deepEqual([body.count, body.next, body.previous], [2, null, null]);
    assert.deepEqual(ids(body), [made.body.id, second.body.id]);
    assert.equal(body.results[0].author.username, 'm***@e***.com');
    const jobs = await database.db.query(
      `select 1 from jobs where kind = 'notify-comment' and payload = jsonb_build_object('comment_id', $1::bigint)`,
      [made.body.id],
    );
    assert.equal(jobs.length, 1);
    assert.equal((await write(post, undefined, { content: 'x' })).status, 401);
    for (const bad of [
      { content: '' },
      { content: '  ' },
      { content: 'x', parent: -1 },
      { content: 'x', is_deleted: true },
      {},
    ])
      assert.equal((await write(post, mina!, bad)).status, 422, JSON.stringify(bad));
  });

  test('replies are one level deep, held by the database as by the route', async () => {
    const post = await addPost();
    const other = await addPost();
    const root = (await write(post, mina!, { content: 'root' })).body.id;
    const reply = await write(post, jun!, { content: 'reply', parent: root });
    assert.equal(reply.body.parent, root);
    assert.equal((await write(post, mina!, { content: 'x', parent: reply.body.id })).status, 422);
    assert.equal((await write(post, mina!, { content: 'x', parent: 999_999 })).status, 404);
    assert.equal((await write(other, mina!, { content: 'x', parent: root })).status, 404);
    const nested = `insert into comments (post_id, parent_id, author_id, content, content_html) values ($1, $2, $3, 'x', '')`;
    await assert.rejects(database.db.query(nested, [post, reply.body.id, mina]), /violates foreign key/);
    await assert.rejects(database.db.query(nested, [other, root, mina]), /violates foreign key/);
    const { body } = await call(undefined, 'GET', url(post));
    assert.deepEqual([ids(body), body.results[0].replies], [[root], 1]);
    assert.deepEqual(ids((await call(undefined, 'GET', url(post, `/${root}/replies`))).body), [
      reply.body.id,
    ]);
    assert.equal((await call(undefined, 'GET', url(other, `/${root}/replies`))).status, 404);
  });

  test('a deleted comment with replies shows as an empty tombstone, one without is gone; none is edited again', async () => {
    const post = await addPost();
    const root = (await write(post, mina!, { content: 'secret' })).body.id;
    const alone = (await write(post, mina!, { content: 'alone' })).body.id;
    const reply = (await write(post, jun!, { content: 'reply', parent: root })).body.id;
    assert.equal((await call(jun!, 'DELETE', url(post, `/${root}`))).status, 403);
    assert.equal((await call(mina!, 'DELETE', url(post, `/${root}`))).status, 204);
    assert.equal((await call(admin!, 'DELETE', url(post, `/${alone}`))).status, 204);
    assert.equal((await call(mina!, 'DELETE', url(post, `/${root}`))).status, 404);
    const { body } = await call(undefined, 'GET', url(post));
    assert.equal(body.count, 1);
    const [tombstone] = body.results;
    assert.deepEqual(
      [tombstone.id, tombstone.is_deleted, tombstone.content, tombstone.content_html, tombstone.author],
      [root, true, '', '', null],
    );
    const kept = await database.db.query(`select 1 from comments where id = $1 and content <> ''`, [root]);
    assert.equal(kept.length, 0, 'the text is gone from the database too');
    assert.equal((await call(mina!, 'PUT', url(post, `/${root}`), { content: 'back' })).status, 404);
    assert.equal((await write(post, mina!, { content: 'x', parent: root })).status, 404);
    assert.equal((await call(jun!, 'DELETE', url(post, `/${reply}`))).status, 204);
    assert.deepEqual((await call(undefined, 'GET', url(post))).body.results, []);
  });

  test('of many edits at once of one version one wins, the others learn the version that is there', async () => {
    const post = await addPost();
    const { id } = (await write(post, mina!, { content: 'v1' })).body;
    const edits = await Promise.all(
      Array.from({ length: 50 }, (_, at) =>
        at % 2 === 0
          ? call(mina!, 'PUT', url(post, `/${id}`), { content: `by body ${at}`, version: 1 })
          : call(mina!, 'PUT', url(post, `/${id}`), { content: `by header ${at}` }, { 'if-match': '"1"' }),
      ),
    );
    const won = edits.filter((edit) => edit.status === 200);
    assert.equal(won.length, 1);
    assert.equal(won[0]!.body.version, 2);
    for (const edit of edits.filter((one) => one.status !== 200)) {
      assert.ok([409, 412].includes(edit.status));
      assert.equal(edit.body.current_version, 2);
    }
    assert.equal((await call(jun!, 'PUT', url(post, `/${id}`), { content: 'mine' })).status, 403);
    assert.equal((await call(undefined, 'GET', url(post))).body.results[0].content, won[0]!.body.content);
  });

  test('no reply comes under a parent that is being deleted, and numbers stay right', async () => {
    const post = await addPost();
    for (let round = 0; round < 20; round += 1) {
      const root = (await write(post, mina!, { content: 'root' })).body.id;
      const [deleted, ...replies] = await Promise.all([
        call(mina!, 'DELETE', url(post, `/${root}`)),
        ...[1, 2, 3, 4].map(() => write(post, jun!, { content: 'reply', parent: root })),
      ]);
      assert.equal(deleted!.status, 204);
      const [late] = await database.db.query<{ count: number }>(
        `select count(*) as count from comments r join comments p on p.id = r.parent_id
         where p.id = $1 and r.id > 0 and r.created_at > p.deleted_at`,
        [root],
      );
      const [row] = await database.db.query<{ replies: number; there: number }>(
        `select replies, (select count(*) from comments r where r.parent_id = $1) as there from comments where id = $1`,
        [root],
      );
      const made = replies.filter((one) => one.status === 201).length;
      assert.ok(replies.every((one) => one.status === 201 || one.status === 404));
      assert.deepEqual([row!.replies, row!.there], [made, made]);
      assert.equal(late!.count, 0);
    }
  });

  test('one key makes one comment, however often and at once it is sent', async () => {
    const post = await addPost();
    const key = { 'idempotency-key': 'once' };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => write(post, mina!, { content: 'once' }, key)),
    );
    assert.deepEqual(new Set(answers.map((one) => `${one.status} ${one.body.id}`)).size, 1);
    assert.equal((await call(undefined, 'GET', url(post))).body.count, 1);
    assert.equal((await write(post, mina!, { content: 'other' }, key)).status, 422);
  });

  test('pages of twenty lead on and back; beyond the last is 404', async () => {
    const post = await addPost();
    await database.db.query(
      `insert into comments (post_id, author_id, content, content_html) select $1, $2, 'c' || n, '' from generate_series(1, 45) n`,
      [post, jun],
    );
    const seen: number[] = [];
    let next: string | null = url(post);
    while (next !== null) {
      const page = await call(undefined, 'GET', next);
      assert.equal(page.body.count, 45);
      seen.push(...ids(page.body));
      next = page.body.next;
    }
    assert.equal(new Set(seen).size, 45);
    assert.equal((await call(undefined, 'GET', url(post, '?page=4'))).status, 404);
    assert.equal((await call(undefined, 'GET', url(post, '?page=2&page_size=40'))).body.results.length, 5);
    queries = 0;
    await Promise.all(Array.from({ length: 100 }, () => call(undefined, 'GET', url(post, '?page=3'))));
    // Board, post and page, each once, and what the caches refresh meanwhile.
    assert.ok(queries < 20, `${queries} queries for 100 pages`);
  });

  test('what a word filter holds back only its author sees as written, until a moderator has looked', async () => {
    const post = await addPost();
    const held = await write(post, mina!, { content: 'held text' });
    assert.deepEqual([held.status, held.body.content], [201, 'held text']);
    assert.equal((await call(undefined, 'GET', url(post))).body.count, 0);
    const reports = await database.db.query(
      `select 1 from reports where subject_kind = 3 and subject_id = $1 and reason = 'word'`,
      [held.body.id],
    );
    assert.equal(reports.length, 1);
  });

  test('on a deleted post, an archived board or one that is not theirs members write and read nothing', async () => {
    const post = await addPost();
    await write(post, mina!, { content: 'x' });
    await database.db.query('update boards set archived_at = now() where id = $1', [board]);
    // Both ways: before this process knows of it, and after.
    assert.equal((await write(post, mina!, { content: 'x' })).status, 409);
    assert.equal((await write(post, mina!, { content: 'x' })).status, 409);
    await database.db.query('update boards set archived_at = null where id = $1', [board]);
    await database.db.query('update posts set is_deleted = true, deleted_at = now() where id = $1', [post]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal((await write(post, mina!, { content: 'x' })).status, 404);
    assert.equal((await call(undefined, 'GET', url(post))).status, 404);
    assert.equal((await write(999_999, mina!, { content: 'x' })).status, 404);
  });
});

describe('the limit of comments', () => {
  test('is exact, however many come at once', async () => {
    const database = await openTestDatabase();
    const [mina] = await insertMembers(database.db, ['Mina']);
    const [made] = await database.db.query<{ id: number; board: number }>(
      `with board as (insert into boards (title, title_key) values ('b', 'b') returning id)
       insert into posts (board_id, author_id, place, title, content, content_html)
       select id, $1, 1, 't', 'x', '' from board returning id, board_id as board`,
      [mina],
    );
    const comment = {
      boardId: made!.board,
      postId: made!.id,
      parentId: undefined,
      authorId: mina!,
      content: 'x',
      contentHtml: 'x',
      held: false,
      claim: undefined,
    };
    const two = [1, 2].map(() => createCommentGroups(database.db, systemClock, { limited: true }));
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, at) => two[at % 2]!.create({ ...comment })),
    );
    assert.equal(outcomes.filter((one) => one.status === 'fulfilled').length, 20);
    const refused = outcomes.find((one) => one.status === 'rejected');
    assert.equal((refused as PromiseRejectedResult).reason.code, 'rate_limited');
    for (const groups of two) await groups.close();
    await database.close();
  });
});

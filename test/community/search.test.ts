import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Db } from '../../src/db/pool.ts';
import { openPostgresSearch } from '../../src/engines/postgres/postgres-search.ts';
import { registerSearchRoutes } from '../../src/features/search/index.ts';
import { systemClock } from '../../src/kit/clock.ts';
import {
  createPostIndexer,
  type PostIndexer,
  rebuildSearch,
  verifySearch,
} from '../../src/pipeline/publish/index.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { createCaller, createMemberApp, insertMembers } from '../support/member-app.ts';

const quiet = { signal: new AbortController().signal, onProgress: () => undefined };

describe('search', () => {
  let database: TestDatabase;
  let db: Db;
  let search: SearchIndex;
  let indexer: PostIndexer;
  let call: ReturnType<typeof createCaller>;
  let app: ReturnType<typeof createMemberApp>;
  let [mina, marketer]: number[] = [];

  before(async () => {
    database = await openTestDatabase();
    db = database.db;
    search = openPostgresSearch({ db, maintenance: db, log: testLog });
    indexer = createPostIndexer({ db, search, clock: systemClock });
    [mina, marketer] = await insertMembers(db, ['Mina', 'Marketer']);
    app = createMemberApp((id) => (id === marketer ? ['member', 'marketer'] : ['member']));
    registerSearchRoutes(app, { db, search, log: testLog, clock: systemClock, rateLimits: false });
    call = createCaller(app);
  });
  after(async () => {
    await app.close();
    await indexer.close();
    await search.close();
    await database.close();
  });
  beforeEach(() =>
    db.query(
      'with a as (delete from search_documents), b as (delete from search_words), c as (delete from search_misses), d as (delete from posts) delete from boards',
    ),
  );

  let boards = 0;
  async function insertBoard(readRole = 'anyone'): Promise<number> {
    boards += 1;
    const [row] = await db.query<{ id: number }>(
      'insert into boards (title, title_key, read_role) values ($1, $1, $2) returning id',
      [`board ${boards}`, readRole],
    );
    return row!.id;
  }

  let places = 0;
  async function insertPost(boardId: number, title: string, html = `<p>${title}</p>`): Promise<number> {
    places += 1;
    const [row] = await db.query<{ id: number }>(
      `insert into posts (board_id, author_id, place, title, content, content_html)
       values ($1, $2, $3, $4, '', $5) returning id`,
      [boardId, mina, places, title, html],
    );
    return row!.id;
  }
  async function publish(boardId: number, title: string, html?: string): Promise<number> {
    const id = await insertPost(boardId, title, html);
    await indexer.indexPost(id);
    return id;
  }
  const change = (id: number, set: string) =>
    db.query(`update posts set ${set}, version = version + 1 where id = $1`, [id]);
  const ask = async (query: string, member?: number) => {
    const { status, body } = await call(member, 'GET', `/api/search?${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };
  const idsOf = async (q: string, member?: number) =>
    (await ask(`q=${encodeURIComponent(q)}`, member)).results.map((post: { id: number }) => post.id);

  test('a post is found by its words, with its board, its author and what was found marked', async () => {
    const board = await insertBoard();
    const id = await publish(board, '학교에서 만난 <친구>', '<p>같이 <b>밥</b>을 &amp; 빵을 먹었어요.</p>');
    const body = await ask(`q=${encodeURIComponent('먹다 친구')}`);
    assert.equal(body.count, 1);
    const [post] = body.results;
    assert.deepEqual(
      [post.id, post.board.id, post.author, post.title],
      [id, board, { id: mina, username: 'm***@e***.com', display_name: 'Mina' }, '학교에서 만난 <친구>'],
    );
    assert.deepEqual(post.highlights, {
      title: '학교에서 만난 &lt;<mark>친구</mark>&gt;',
      content: '같이 밥을 &amp; 빵을 <mark>먹</mark>었어요.',
    });
  });

  test('deleted, hidden and draft posts are found no more from the moment they are so, indexed or not', async () => {
    const board = await insertBoard();
    for (const set of [
      'is_deleted = true, deleted_at = now()',
      'hidden_at = now()',
      'is_draft = true, place = null',
    ]) {
      const id = await publish(board, '따개비');
      assert.deepEqual(await idsOf('따개비'), [id]);
      await change(id, set);
      assert.deepEqual(await idsOf('따개비'), [], `before it is indexed: ${set}`);
      await indexer.indexPost(id);
      assert.deepEqual(await idsOf('따개비'), []);
      assert.equal((await ask(`q=${encodeURIComponent('따개비')}`)).count, 0);
    }
  });

  test('a restored post is found again, an edited one by its new words only, a purged one never', async () => {
    const board = await insertBoard();
    const id = await publish(board, '말미잘', '<p>말미잘</p>');
    await change(id, 'is_deleted = true, deleted_at = now()');
    await indexer.indexPost(id);
    await change(id, 'is_deleted = false, deleted_at = null');
    await indexer.indexPost(id);
    assert.deepEqual(await idsOf('말미잘'), [id]);
    await change(id, `title = '해파리', content_html = '<p>해파리</p>'`);
    await indexer.indexPost(id);
    assert.deepEqual([await idsOf('말미잘'), await idsOf('해파리')], [[], [id]]);
    await db.query('delete from posts where id = $1', [id]);
    await indexer.indexPost(id);
    assert.deepEqual(await idsOf('해파리'), []);
  });

  test('posts of a board are found by those who may read it, and totals tell nobody else of them', async () => {
    const members = await insertBoard('member');
    const staff = await insertBoard('marketer');
    const [forMembers, forStaff] = [await publish(members, '가재 하나'), await publish(staff, '가재 둘')];
    const seen = async (member?: number) => {
      const { count, results } = await ask(`q=${encodeURIComponent('가재')}`, member);
      return [count, results.map((post: { id: number }) => post.id).toSorted()];
    };
    assert.deepEqual(await seen(), [0, []]);
    assert.deepEqual(await seen(mina), [1, [forMembers]]);
    assert.deepEqual(await seen(marketer), [2, [forMembers, forStaff]]);
    await db.query('update boards set deleted_at = now() where id = $1', [members]);
    assert.deepEqual(await seen(mina), [0, []]);
  });

  test('filters and pages; what is published meanwhile does not move the next page', async () => {
    const [one, two] = [await insertBoard(), await insertBoard()];
    const ids: number[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await publish(one, '고둥'));
    await publish(two, '고둥');
    const q = `q=${encodeURIComponent('고둥')}&board=${one}&page_size=2`;
    const first = await ask(q);
    assert.deepEqual([first.count, first.previous], [5, null]);
    await publish(one, '고둥');
    const second = await ask(first.next.split('?')[1]);
    const third = await ask(second.next.split('?')[1]);
    const paged = [first, second, third].flatMap(({ results }) =>
      results.map((post: { id: number }) => post.id),
    );
    assert.deepEqual(paged, ids.toReversed());
    assert.equal(third.next, null);
    assert.equal((await ask(`q=${encodeURIComponent('고둥')}&author=${marketer}`)).count, 0);
    assert.equal((await ask(`q=${encodeURIComponent('고둥')}&from=2999-01-01T00:00:00Z`)).count, 0);
  });

  test('what cannot be asked is refused by name', async () => {
    for (const [query, status] of [
      ['', 422],
      ['q=', 422],
      ['q=a&from=yesterday', 422],
      ['q=a&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 422],
      ['q=a&page=1000', 404],
      ['q=a&page=2', 404],
      ['q=a&limit=3', 422],
    ] as const)
      assert.equal((await call(undefined, 'GET', `/api/search?${query}`)).status, status, query);
  });

  test('questions without an answer are counted for staff; none that looks like an address or a number', async () => {
    for (const q of ['없는 Words!', '없는 words', 'mina@example.com', '010-1234-5678']) await idsOf(q);
    assert.equal((await call(mina, 'GET', '/api/search/zero-hits')).status, 403);
    const { body } = await call(marketer, 'GET', '/api/search/zero-hits');
    assert.deepEqual(
      body.map(({ question, times }: { question: string; times: number }) => [question, times]),
      [['없는 words', 2]],
    );
    await db.query('update search_misses set day = day - 90');
    await idsOf('다른');
    assert.deepEqual(await db.query('select question from search_misses'), [{ question: '다른' }]);
  });

  test('many posts at once are indexed together, each whatever its neighbours are', async () => {
    const board = await insertBoard();
    const ids = await Promise.all(Array.from({ length: 50 }, () => insertPost(board, '따오기')));
    await Promise.all([...ids, ...ids, 999_999].map((id) => indexer.indexPost(id)));
    assert.equal((await ask(`q=${encodeURIComponent('따오기')}`)).count, 50);
  });

  test('verify names what drifted, and repairs it; what waits for its job is no drift', async () => {
    const board = await insertBoard();
    const ids: number[] = [];
    for (let at = 0; at < 6; at += 1) ids.push(await publish(board, `소라게 ${at}`));
    const [missing, shown, stale, altered, waiting] = ids as [number, number, number, number, number];
    const check = (repair: boolean) => verifySearch(db, search, { repair, ...quiet });
    assert.deepEqual((await check(false)).drifted, []);
    await db.query('delete from search_documents where post_id = $1', [missing]);
    await change(shown, 'is_deleted = true, deleted_at = now()');
    await change(stale, `title = '집게'`);
    await db.query(`update search_documents set title = 'x' where post_id = $1`, [altered]);
    await change(waiting, `title = '집게'`);
    await db.query(
      `insert into jobs (kind, payload) values ('index-post', json_build_object('post_id', $1::bigint))`,
      [waiting],
    );
    const report = await check(true);
    assert.deepEqual(report, {
      posts: 6,
      drifted: [
        { postId: missing, drift: 'missing' },
        { postId: shown, drift: 'shown' },
        { postId: stale, drift: 'stale' },
        { postId: altered, drift: 'altered' },
      ],
      waiting: 1,
      repaired: 4,
      finished: true,
    });
    assert.deepEqual((await check(false)).drifted, []);
    await db.query('delete from posts where id = $1', [missing]);
    assert.deepEqual((await check(true)).drifted, [{ postId: missing, drift: 'shown' }]);
    assert.deepEqual((await check(false)).drifted, []);
  });

  test('a rebuild that was stopped goes on; afterwards nothing has drifted', async () => {
    const board = await insertBoard();
    const ids = await Promise.all(Array.from({ length: 20 }, () => insertPost(board, '물개')));
    const half = await search.rebuild();
    await half.fill([], ids.toSorted((a, b) => a - b)[9]!);
    const report = await rebuildSearch(db, search, quiet);
    assert.deepEqual([report.posts, report.finished], [10, true]);
    // What the stopped one claimed to have written is missing, as it was never written.
    assert.equal((await verifySearch(db, search, { repair: true, ...quiet })).drifted.length, 10);
    assert.equal((await ask(`q=${encodeURIComponent('물개')}`)).count, 20);
    const again = await rebuildSearch(db, search, quiet);
    assert.deepEqual([again.posts, again.resumedAfter], [20, 0]);
    assert.deepEqual((await verifySearch(db, search, { repair: false, ...quiet })).drifted, []);
  });
});

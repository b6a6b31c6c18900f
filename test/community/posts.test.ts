import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newEventId } from '../../src/events/event-id.ts';
import { createMembers } from '../../src/features/members/index.ts';
import { purgeDeleted } from '../../src/features/posts/index.ts';
import { EngineError } from '../../src/kit/errors.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { verify } from '../../src/pipeline/verify/index.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from '../support/database.ts';
import { insertMembers } from '../support/member-app.ts';
import { openPostingApp } from '../support/posting-app.ts';

type Instance = ReturnType<typeof openPostingApp>;

/** FAULTS=ci: 10,000 edits of 10 posts by 64 clients, and 50,000 reads. */
const CROSSING =
  process.env.FAULTS === 'ci'
    ? { clients: 64, posts: 10, editsOfEach: 157, readsBeforeEdit: 5 }
    : { clients: 16, posts: 4, editsOfEach: 20, readsBeforeEdit: 1 };

describe('posts', () => {
  let database: TestDatabase;
  let log: EventLog;
  let here: Instance;
  let elsewhere: Instance;
  let call: Instance['call'];
  let [mina, jun, admin, mod]: number[] = [];
  let b: string;
  let boards = 0;
  before(async () => {
    database = await openTestDatabase();
    log = await openTestLog(database);
    [mina, jun, admin, mod] = await insertMembers(database.db, ['Mina', 'Jun', 'Admin', 'Mod']);
    const rolesOf = (id: number) => (id === admin ? (['member', 'admin'] as const) : (['member'] as const));
    here = openPostingApp(database.db, log, { rolesOf });
    elsewhere = openPostingApp(database.db, log, { rolesOf, requirePrecondition: true });
    call = here.call;
    b = await makeBoard();
  });
  after(async () => {
    await here?.close();
    await elsewhere?.close();
    await log?.close();
    await database?.close();
  });

  async function makeBoard(by = mod): Promise<string> {
    boards += 1;
    const made = await call(by, 'POST', '/api/boards', { title: `board ${boards}` });
    return `/api/boards/${made.body.id}`;
  }
  async function write(parts: object = {}, who = mina, board = b) {
    const made = await call(who, 'POST', `${board}/posts`, { title: 't', content: 'c', ...parts });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    return { ...made.body, path: `${board}/posts/${made.body.id}` };
  }
  const ids = (answer: { body: { id: number }[] }) => answer.body.map(({ id }) => id);
  const viewsOf = async (id: number) => {
    const [row] = await database.db.query<{ count: number }>(
      'select count(*) from event_log where subject_kind = 2 and subject_id = $1 and rule = 0',
      [id],
    );
    return row!.count;
  };

  test('a draft is its author’s alone; publishing gives it its place, its time, its jobs', async () => {
    const board = await makeBoard();
    const draft = await write({ is_draft: true }, mina, board);
    const post = await write({}, mina, board);
    for (const who of [undefined, jun, admin])
      for (const method of ['GET', 'PUT', 'DELETE'] as const) {
        if (who === undefined && method !== 'GET') continue;
        const body = method === 'PUT' ? { title: 'x' } : undefined;
        assert.equal((await call(who, method, draft.path, body)).status, 404, `${who} ${method}`);
      }
    assert.equal((await call(mina, 'GET', draft.path)).headers['weir-view'], 'not-counted');
    assert.deepEqual(ids(await call(mina, 'GET', `${board}/posts`)), [post.id]);
    assert.deepEqual(ids(await call(mina, 'GET', `${board}/posts?state=draft`)), [draft.id]);
    assert.deepEqual(ids(await call(jun, 'GET', `${board}/posts?state=draft`)), []);
    const jobsOf = (id: number) =>
      database.db.query(`select kind from jobs where (payload->>'post_id')::bigint = $1 order by kind`, [id]);
    assert.deepEqual(await jobsOf(draft.id), []);
    const published = await call(mina, 'PUT', draft.path, { is_draft: false });
    assert.equal(published.status, 200);
    assert.ok(Date.parse(published.body.created_at) >= Date.parse(post.created_at));
    assert.deepEqual(ids(await call(undefined, 'GET', `${board}/posts`)), [draft.id, post.id]);
    assert.deepEqual(await jobsOf(draft.id), [{ kind: 'index-post' }, { kind: 'notify-post' }]);
    assert.equal((await call(mina, 'PUT', draft.path, { is_draft: true })).status, 422);
  });

  test('of 100 parallel edits of one version one wins; the others learn the current version, and overwrite nothing', async () => {
    const post = await write();
    for (const by of ['header', 'body'] as const) {
      const { version } = (await call(mina, 'GET', post.path)).body;
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, at) =>
          (at % 2 ? here : elsewhere).call(
            mina,
            'PUT',
            post.path,
            { content: `edit ${at}`, ...(by === 'body' && { version }) },
            by === 'header' ? { 'if-match': `"${version}"` } : {},
          ),
        ),
      );
      const won = answers.filter(({ status }) => status === 200);
      const lost = answers.filter(({ status }) => status === (by === 'header' ? 412 : 409));
      assert.deepEqual([won.length, lost.length], [1, 99]);
      for (const { body } of lost) assert.equal(body.current_version, version + 1);
      const now = await call(mina, 'GET', post.path);
      assert.deepEqual([now.body.version, now.body.content], [version + 1, won[0]!.body.content]);
    }
    assert.equal((await elsewhere.call(mina, 'PUT', post.path, { content: 'x' })).status, 428);
    assert.equal((await call(mina, 'PUT', post.path, { content: 'x' })).status, 200);
    assert.equal((await call(mina, 'DELETE', post.path, undefined, { 'if-match': '"1"' })).status, 412);
    assert.equal((await call(jun, 'PUT', post.path, { content: 'x' })).status, 403);
    assert.equal((await call(admin, 'PUT', post.path, { content: 'x' })).status, 200);
  });

  test('a post changed elsewhere shows here within a second, and what was changed here at once', async () => {
    const post = await write();
    assert.equal((await elsewhere.call(undefined, 'GET', post.path)).body.content, 'c');
    await call(mina, 'PUT', post.path, { content: 'new' });
    assert.equal((await call(undefined, 'GET', post.path)).body.content, 'new');
    for (const by of [mina, undefined]) {
      await call(by, 'GET', `${b}/posts`);
      const { id } = await write();
      assert.equal((await call(by, 'GET', `${b}/posts`)).body[0].id, id);
    }
    const changedAt = performance.now();
    while ((await elsewhere.call(undefined, 'GET', post.path)).body.content !== 'new')
      assert.ok(performance.now() - changedAt < 3_000, 'not after 3 s');
  });

  test(`while ${CROSSING.clients} clients edit and read, accepted edits are the version, and views the answers with 200`, async () => {
    const posts = await Promise.all(Array.from({ length: CROSSING.posts }, () => write()));
    let [edits, reads] = [0, 0];
    const client = async (number: number) => {
      for (let at = 0; at < CROSSING.editsOfEach; at += 1) {
        const post = posts[(number + at) % posts.length]!;
        const instance = at % 3 ? here : elsewhere;
        let etag = '';
        for (let read = 0; read < CROSSING.readsBeforeEdit; read += 1) {
          const answer = await instance.call(undefined, 'GET', post.path);
          assert.equal(answer.status, 200);
          reads += 1;
          etag = String(answer.headers.etag);
        }
        const edit = await instance.call(
          mina,
          'PUT',
          post.path,
          { content: `${number} ${at}` },
          { 'if-match': etag },
        );
        assert.ok(edit.status === 200 || edit.status === 412, String(edit.status));
        if (edit.status === 200) edits += 1;
        const known = { 'if-none-match': String(edit.headers.etag ?? etag) };
        const again = await instance.call(undefined, 'GET', post.path, undefined, known);
        if (again.status === 200) reads += 1;
        else assert.equal(again.status, 304);
      }
    };
    await Promise.all(Array.from({ length: CROSSING.clients }, (_, number) => client(number)));
    const rows = await database.db.query<{ version: number; revisions: number }>(
      `select version, (select count(*) from post_revisions r where r.post_id = p.id) as revisions from posts p where id = any($1)`,
      [posts.map(({ id }) => id)],
    );
    assert.equal(
      rows.reduce((sum, { version }) => sum + version - 1, 0),
      edits,
    );
    assert.equal(
      rows.reduce((sum, { revisions }) => sum + revisions, 0),
      edits,
    );
    const views = await Promise.all(posts.map(({ id }) => viewsOf(id)));
    assert.equal(
      views.reduce((sum, count) => sum + count, 0),
      reads,
    );
  });

  test('a view is one event: the same id again is the same view, HEAD is none, prefetch is invalid, a log that is down keeps nobody from reading', async () => {
    const post = await write();
    const eventId = newEventId();
    for (const query of [`?event_id=${eventId}`, ''])
      for (let at = 0; at < 2; at += 1)
        await call(
          undefined,
          'GET',
          post.path + query,
          undefined,
          query ? {} : { 'idempotency-key': eventId },
        );
    assert.equal(await viewsOf(post.id), 1);
    assert.equal((await here.app.inject({ method: 'HEAD', url: post.path })).statusCode, 405);
    await call(undefined, 'GET', post.path, undefined, { 'sec-purpose': 'prefetch' });
    assert.equal(await viewsOf(post.id), 1);
    assert.equal((await call(undefined, 'GET', `${post.path}?event_id=1`)).status, 422);
    const down = new EngineError({
      engine: 'log',
      operation: 'append',
      retryable: true,
      mayHaveHappened: false,
      cause: new Error('down'),
    });
    const silent = openPostingApp(database.db, { ...log, append: () => Promise.reject(down) });
    const served = await silent.call(undefined, 'GET', post.path);
    assert.deepEqual([served.status, served.headers['weir-view']], [200, 'not-counted']);
    await silent.close();
  });

  test('the number shown is what the counters hold, and its statistics are those of any subject', async () => {
    const post = await write();
    for (const who of [undefined, jun, jun]) await call(who, 'GET', post.path);
    await countUntilDry({ db: database.db, log, logger: testLog });
    const fresh = openPostingApp(database.db, log);
    assert.equal((await fresh.call(undefined, 'GET', post.path)).body.views, 3);
    assert.equal((await fresh.call(undefined, 'GET', `${b}/posts`)).body[0].views, 3);
    await fresh.close();
    const stats = await call(mina, 'GET', `${post.path}/stats`);
    assert.deepEqual([stats.body.totals.views, stats.body.totals.unique_viewers], [3, 2]);
    assert.equal(stats.body.post_id, post.id);
    assert.equal((await call(jun, 'GET', `${post.path}/stats`)).status, 403);
    assert.equal((await call(admin, 'GET', `${post.path}/stats`)).status, 200);
    const { signal } = new AbortController();
    const report = await verify(database.db, { repair: false, signal, onProgress: () => undefined });
    assert.deepEqual([report.differences, report.brokenSeals], [[], []]);
  });

  test('what a member wrote outlives the member, without the name', async () => {
    const [gone] = await insertMembers(database.db, ['Gone']);
    const post = await write({}, gone);
    await createMembers({ db: database.db, erasures: [] }).erase(gone!);
    const { body } = await elsewhere.call(undefined, 'GET', post.path);
    assert.deepEqual(body.author, { id: gone, username: '', display_name: 'deleted member' });
  });

  test('history holds every accepted edit with what it changed, for its author and who moderates', async () => {
    const post = await write({ title: 'one', content: 'a\nb\n' });
    await call(mina, 'PUT', post.path, { content: 'a\nc\n' });
    await call(admin, 'PUT', post.path, { title: 'two' });
    const history = await call(mina, 'GET', `${post.path}/history`);
    assert.deepEqual(
      history.body.map((one: { version: number; title: string; editor: { id: number } }) => [
        one.version,
        one.title,
        one.editor.id,
      ]),
      [
        [3, 'two', admin],
        [2, 'one', mina],
        [1, 'one', mina],
      ],
    );
    const second = await call(mod, 'GET', `${post.path}/history/2`);
    assert.deepEqual(second.body.diff, {
      title: [{ op: 'same', text: 'one' }],
      content: [
        { op: 'same', text: 'a\n' },
        { op: 'removed', text: 'b\n' },
        { op: 'added', text: 'c\n' },
      ],
    });
    assert.equal((await call(jun, 'GET', `${post.path}/history`)).status, 403);
    assert.equal((await call(mina, 'GET', `${post.path}/history/9`)).status, 404);
  });

  test('deleting is soft, restoring is for who may, and after 30 days it is gone for good', async () => {
    const board = await makeBoard();
    const post = await write({}, mina, board);
    const gone = await call(mina, 'DELETE', post.path);
    assert.deepEqual([gone.status, gone.body.is_deleted], [200, true]);
    for (const who of [undefined, mina, admin]) assert.equal((await call(who, 'GET', post.path)).status, 404);
    assert.deepEqual(ids(await call(undefined, 'GET', `${board}/posts`)), []);
    assert.equal((await call(mina, 'PUT', post.path, { title: 'x' })).status, 404);
    assert.deepEqual(ids(await call(mod, 'GET', `${board}/posts?state=deleted`)), [post.id]);
    assert.deepEqual(ids(await call(jun, 'GET', `${board}/posts?state=deleted`)), []);
    assert.equal((await call(jun, 'POST', `${post.path}/restore`)).status, 404);
    assert.equal((await call(mina, 'POST', `${post.path}/restore`)).body.is_deleted, false);
    assert.equal((await call(undefined, 'GET', post.path)).status, 200);
    await call(admin, 'DELETE', post.path);
    assert.equal((await call(mina, 'POST', `${post.path}/restore`)).status, 403);
    const { signal } = new AbortController();
    await purgeDeleted(database.db, signal);
    assert.equal((await call(mod, 'POST', `${post.path}/restore`)).status, 200);
    await call(mina, 'DELETE', post.path);
    await database.db.query(`update posts set deleted_at = now() - interval '31 days' where id = $1`, [
      post.id,
    ]);
    await purgeDeleted(database.db, signal);
    assert.deepEqual(await database.db.query('select id from posts where id = $1', [post.id]), []);
  });

  test('a request with a key is done once, at once or later, and the key serves no other request', async () => {
    const key = { 'idempotency-key': 'one post' };
    const body = { title: 'kept', content: 'once' };
    const same = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        (at % 2 ? here : elsewhere).call(mina, 'POST', `${b}/posts`, body, key),
      ),
    );
    for (const answer of same) assert.deepEqual([answer.status, answer.body], [201, same[0]!.body]);
    assert.deepEqual((await call(mina, 'POST', `${b}/posts`, body, key)).body, same[0]!.body);
    const other = await call(mina, 'POST', `${b}/posts`, { ...body, title: 'other' }, key);
    assert.equal(other.status, 422);
    assert.notEqual((await call(jun, 'POST', `${b}/posts`, body, key)).body.id, same[0]!.body.id);
    await database.db.query(`update idempotency_keys set created_at = now() - interval '25 hours'`);
    await purgeDeleted(database.db, new AbortController().signal);
    assert.notEqual((await call(mina, 'POST', `${b}/posts`, body, key)).body.id, same[0]!.body.id);
  });

  test('ten posts a minute and member, over all instances together, then 429 with Retry-After', async () => {
    const instances = [1, 2].map(() => openPostingApp(database.db, log, { rateLimits: true }));
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, at) =>
        instances[at % 2]!.call(at < 24 ? mina : jun, 'POST', `${b}/posts`, { title: 't', content: 'c' }),
      ),
    );
    const count = (from: number, to: number, status: number) =>
      answers.slice(from, to).filter((answer) => answer.status === status).length;
    assert.deepEqual([count(0, 24, 201), count(0, 24, 429), count(24, 30, 201)], [10, 14, 6]);
    const retryAfter = Number(answers.find(({ status }) => status === 429)!.headers['retry-after']);
    assert.ok(retryAfter > 0 && retryAfter <= 60, String(retryAfter));
    const day = `update write_quotas set recent = '{}', day_count = $1 where member_id = ${mina}`;
    await database.db.query(day, [999]);
    const next = async () =>
      (await instances[0]!.call(mina, 'POST', `${b}/posts`, { title: 't', content: 'c' })).status;
    assert.deepEqual([await next(), await next()], [201, 429]);
    for (const instance of instances) await instance.close();
  });

  test('a text may be long, not too long; it is Unicode that can be shown', async () => {
    const send = async (parts: object) =>
      (await call(mina, 'POST', `${b}/posts`, { title: 't', content: 'c', ...parts })).status;
    assert.equal(await send({ content: '한글 '.repeat(13_000) }), 201);
    assert.equal(await send({ content: 'x'.repeat(50_001) }), 422);
    assert.equal(await send({ content: 'x'.repeat(140_000) }), 413);
    assert.equal(await send({ title: ' ' }), 422);
    assert.equal(await send({ title: 'a\u0000b' }), 422);
    assert.equal(await send({ content: '\ud800' }), 422);
    assert.equal(await send({ author_id: 1 }), 422);
  });

  test('while the database is down what is known is served for a minute, the rest is 503, and nobody is let in unseen', async () => {
    const own = openPostingApp(database.db, log);
    const [post, secret] = [await write(), await write({ is_draft: true })];
    const other = await write();
    assert.equal((await own.call(undefined, 'GET', post.path)).status, 200);
    assert.equal((await own.call(mina, 'GET', secret.path)).status, 200);
    assert.equal((await own.call(undefined, 'GET', `${b}/posts`)).status, 200);
    const cause = new Error('down');
    own.breakDatabase(
      new EngineError({
        engine: 'postgres',
        operation: 'query',
        retryable: true,
        mayHaveHappened: false,
        cause,
      }),
    );
    for (const path of [post.path, b, `${b}/posts`])
      assert.equal((await own.call(undefined, 'GET', path)).status, 200, path);
    assert.equal((await own.call(undefined, 'GET', secret.path)).status, 404);
    assert.equal((await own.call(Number.NaN, 'GET', post.path)).status, 401);
    const unknown = await own.call(undefined, 'GET', `${b}/posts/${other.id + 1_000}`);
    assert.deepEqual([unknown.status, unknown.body.code], [503, 'unavailable']);
    assert.equal((await own.call(mina, 'POST', `${b}/posts`, { title: 't', content: 'c' })).status, 503);
    await own.close();
  });

  test('a page of ten takes as many statements as a page of one', async () => {
    const board = await makeBoard();
    await write({}, mina, board);
    const count = async () => {
      const fresh = openPostingApp(database.db, log);
      await fresh.call(undefined, 'GET', board);
      fresh.takeQueries();
      const { body } = await fresh.call(undefined, 'GET', `${board}/posts`);
      const queries = fresh.takeQueries();
      await fresh.close();
      return { posts: body.length, queries };
    };
    const few = await count();
    for (let at = 0; at < 12; at += 1) await write({}, mina, board);
    const many = await count();
    assert.deepEqual([few.posts, many.posts], [1, 10]);
    assert.deepEqual([few.queries, many.queries], [3, 3]);
  });
});

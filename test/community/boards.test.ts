import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Role } from '../../src/http/authenticate.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { openTestDatabase, openTestLog, type TestDatabase } from '../support/database.ts';
import { insertMembers } from '../support/member-app.ts';
import { openPostingApp } from '../support/posting-app.ts';

type Instance = ReturnType<typeof openPostingApp>;

describe('boards', () => {
  let database: TestDatabase;
  let log: EventLog;
  let here: Instance;
  let elsewhere: Instance;
  let call: Instance['call'];
  let [mina, jun, admin, marketer]: number[] = [];
  before(async () => {
    database = await openTestDatabase();
    log = await openTestLog(database);
    [mina, jun, admin, marketer] = await insertMembers(database.db, ['Mina', 'Jun', 'Admin', 'Marketer']);
    const rolesOf = (id: number): readonly Role[] =>
      id === admin ? ['member', 'admin'] : id === marketer ? ['member', 'marketer'] : ['member'];
    here = openPostingApp(database.db, log, { rolesOf });
    elsewhere = openPostingApp(database.db, log, { rolesOf, boardsCreatedBy: 'admin' });
    call = here.call;
  });
  after(async () => {
    await here?.close();
    await elsewhere?.close();
    await log?.close();
    await database?.close();
  });

  const make = async (title: string, patch?: object) => {
    const made = await call(mina, 'POST', '/api/boards', { title, description: 'd' });
    assert.equal(made.status, 201, JSON.stringify(made.body));
    const path = `/api/boards/${made.body.id}`;
    if (patch) assert.equal((await call(admin, 'PATCH', path, patch)).status, 200);
    return { id: made.body.id as number, path };
  };
  const post = { title: 't', content: 'c' };

  test('of 200 that make the same board at once one does, the others get 400', async () => {
    const titles = ['Café 소식', ' café 소식 ', 'CAFÉ 소식', 'Cafe\u0301 소식'.normalize('NFD')];
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        call(at % 2 ? mina : jun, 'POST', '/api/boards', {
          title: titles[at % titles.length],
          description: '',
        }),
      ),
    );
    const count = (status: number) => answers.filter((answer) => answer.status === status).length;
    assert.deepEqual([count(201), count(400)], [1, 199]);
    const made = answers.find(({ status }) => status === 201)!.body;
    assert.deepEqual(Object.keys(made), ['id', 'title', 'description']);
  });

  test('a board is made once for one key; where admins alone make boards a member is refused', async () => {
    const key = { 'idempotency-key': '"the board"' };
    const body = { title: 'Once', description: 'd' };
    const same = await Promise.all(
      Array.from({ length: 10 }, () => call(mina, 'POST', '/api/boards', body, key)),
    );
    for (const answer of same) assert.deepEqual([answer.status, answer.body], [201, same[0]!.body]);
    assert.equal((await call(mina, 'POST', '/api/boards', { title: 'Other' }, key)).status, 422);
    assert.equal((await elsewhere.call(mina, 'POST', '/api/boards', { title: 'Mine' })).status, 403);
    assert.equal((await elsewhere.call(admin, 'POST', '/api/boards', { title: 'Theirs' })).status, 201);
    assert.equal((await call(undefined, 'POST', '/api/boards', body)).status, 401);
  });

  test('a board that is not for everybody is not there for the others, nor are its posts', async () => {
    for (const [readRole, allowed] of [
      ['member', [mina, jun, marketer, admin]],
      ['marketer', [mina, marketer, admin]],
      ['moderator', [mina, admin]],
      ['admin', [mina, admin]],
    ] as const) {
      const board = await make(`for ${readRole}`, { read_role: readRole });
      const made = await call(mina, 'POST', `${board.path}/posts`, post);
      assert.equal(made.status, 201);
      for (const who of [undefined, mina, jun, marketer, admin]) {
        const expected = allowed.some((one) => one === who) ? 200 : 404;
        for (const path of [board.path, `${board.path}/posts`, `${board.path}/posts/${made.body.id}`])
          assert.equal((await call(who, 'GET', path)).status, expected, `${who} ${path} ${readRole}`);
        const listed = (await call(who, 'GET', '/api/boards')).body.some(
          ({ id }: { id: number }) => id === board.id,
        );
        assert.equal(listed, expected === 200, `${who} ${readRole}`);
      }
    }
  });

  test('who may write is a matter of the board; its moderators always may, and pin', async () => {
    const board = await make('For marketers to write', { write_role: 'marketer' });
    const write = async (who: number) => (await call(who, 'POST', `${board.path}/posts`, post)).status;
    assert.deepEqual(
      [await write(jun!), await write(marketer!), await write(mina!), await write(admin!)],
      [403, 201, 201, 201],
    );
    const { body: listed } = await call(undefined, 'GET', `${board.path}/posts`);
    const pin = `${board.path}/posts/${listed[0].id}/pin`;
    assert.equal((await call(jun, 'PUT', pin)).status, 403);
    assert.equal((await call(mina, 'PUT', `${board.path}/moderators/${jun}`)).status, 403);
    const named = await call(admin, 'PUT', `${board.path}/moderators/${jun}`);
    assert.deepEqual(named.body.moderators, [mina, jun]);
    assert.deepEqual([await write(jun!), (await call(jun, 'PUT', pin)).status], [201, 200]);
    await call(admin, 'DELETE', `${board.path}/moderators/${jun}`);
    assert.deepEqual([await write(jun!), (await call(jun, 'DELETE', pin)).status], [403, 403]);
    assert.equal((await call(admin, 'PUT', `${board.path}/moderators/999999`)).status, 404);
  });

  test('boards stand in their order; an archived one is read and written no more', async () => {
    const [first, second] = [await make('Second by age'), await make('First by position', { position: -5 })];
    const order = (await call(undefined, 'GET', '/api/boards')).body.map(({ id }: { id: number }) => id);
    assert.ok(order.indexOf(second.id) < order.indexOf(first.id));
    const made = await call(mina, 'POST', `${first.path}/posts`, post);
    const path = `${first.path}/posts/${made.body.id}`;
    assert.equal((await call(mina, 'PATCH', first.path, { is_archived: true })).status, 403);
    assert.equal((await call(admin, 'PATCH', first.path, { is_archived: true })).body.is_archived, true);
    assert.equal((await call(undefined, 'GET', path)).status, 200);
    for (const [method, url, body] of [
      ['POST', `${first.path}/posts`, post],
      ['PUT', path, { title: 'x' }],
      ['DELETE', path, undefined],
      ['POST', `${path}/restore`, undefined],
      ['PUT', `${path}/pin`, undefined],
    ] as const) {
      const answer = await call(admin, method, url, body);
      assert.deepEqual([answer.status, answer.body.reason], [409, 'board_archived'], `${method} ${url}`);
    }
    // The other instance may not have heard of it yet: the statement itself looks.
    await call(admin, 'PATCH', first.path, { is_archived: false });
    await elsewhere.call(mina, 'GET', first.path);
    await call(admin, 'PATCH', first.path, { is_archived: true });
    const late = await elsewhere.call(mina, 'POST', `${first.path}/posts`, post);
    assert.deepEqual([late.status, late.body.reason], [409, 'board_archived']);
  });

  test('a deleted board and its posts are gone, and its title is free again', async () => {
    const board = await make('Short-lived');
    const made = await call(mina, 'POST', `${board.path}/posts`, post);
    assert.equal((await call(mina, 'DELETE', board.path)).status, 403);
    assert.equal((await call(admin, 'DELETE', board.path)).status, 204);
    for (const path of [board.path, `${board.path}/posts`, `${board.path}/posts/${made.body.id}`])
      assert.equal((await call(mina, 'GET', path)).status, 404, path);
    assert.equal((await call(mina, 'POST', `${board.path}/posts`, post)).status, 404);
    await make('short-lived');
  });
});

describe('the list of a board', () => {
  let database: TestDatabase;
  let log: EventLog;
  let instances: Instance[];
  let [mina, jun]: number[] = [];
  let path: string;
  before(async () => {
    database = await openTestDatabase();
    log = await openTestLog(database);
    [mina, jun] = await insertMembers(database.db, ['Mina', 'Jun']);
    instances = [1, 2, 3].map(() => openPostingApp(database.db, log));
    const made = await instances[0]!.call(mina, 'POST', '/api/boards', { title: 'b' });
    path = `/api/boards/${made.body.id}/posts`;
  });
  after(async () => {
    for (const instance of instances) await instance.close();
    await log?.close();
    await database?.close();
  });

  const write = (at: number, who = mina, isDraft = false) =>
    instances[at % instances.length]!.call(who, 'POST', path, {
      title: `${at}`,
      content: 'c',
      is_draft: isDraft,
    });
  const linkOf = (answer: { headers: Record<string, unknown> }, rel: string) =>
    new RegExp(`<([^>]*)>; rel="${rel}"`).exec(String(answer.headers.link))?.[1];
  const idsOf = (answer: { body: { id: number }[] }) => answer.body.map(({ id }) => id);

  /** Follows the links of one way until nothing more comes; for newer ones until `until` says that all are there. */
  async function follow(from: string, rel: string, isDone: () => boolean): Promise<number[]> {
    const seen: number[] = [];
    let url: string | undefined = from;
    for (let turns = 0; url !== undefined && turns < 5_000; turns += 1) {
      const answer = await instances[turns % instances.length]!.call(undefined, 'GET', url);
      assert.equal(answer.status, 200, url);
      assert.ok(answer.body.length <= 10);
      seen.push(...(rel === 'prev' ? idsOf(answer).reverse() : idsOf(answer)));
      if (answer.body.length === 0 && rel === 'prev' && isDone()) break;
      url = linkOf(answer, rel);
    }
    return seen;
  }

  test('readers of both ways lose none and double none while others write, publish drafts and restore', async () => {
    const drafts: number[] = [];
    for (let at = 0; at < 30; at += 1) {
      const { body } = await write(at, mina, at % 3 === 0);
      if (body.is_draft) drafts.push(body.id);
    }
    const start = await instances[0]!.call(undefined, 'GET', path);
    const before = (await database.db.query<{ id: number }>('select id from posts where not is_draft'))
      .length;
    let writing = 4;
    const writers = Array.from({ length: writing }, async (_, writer) => {
      for (let at = 0; at < 25; at += 1) {
        await Promise.all([write(writer + at), write(writer + at + 1, jun)]);
        const draft = drafts.pop();
        if (draft) await instances[at % 3]!.call(mina, 'PUT', `${path}/${draft}`, { is_draft: false });
      }
      writing -= 1;
    });
    const newer = follow(linkOf(start, 'prev')!, 'prev', () => writing === 0);
    const older = follow(path, 'next', () => true);
    await Promise.all(writers);
    const [up, down] = await Promise.all([newer, older]);
    const all = await database.db.query<{ id: number }>(
      'select id from posts where place is not null order by place',
    );
    const places = all.map(({ id }) => id);
    const last = places.indexOf(idsOf(start)[0]!);
    // What the cache of lists showed last may be a second old: the rest comes with the next look.
    let rest: number[] = [];
    const end = up.at(-1) ?? idsOf(start)[0]!;
    for (let tries = 0; up.length + rest.length < places.length - last - 1 && tries < 300; tries += 1)
      rest = await follow(`${path}?first_id=${end}`, 'prev', () => true);
    assert.deepEqual([...up, ...rest], places.slice(last + 1));
    assert.equal(new Set(down).size, down.length, 'none twice');
    const from = places.indexOf(down[0]!);
    assert.deepEqual(down, places.slice(0, from + 1).reverse());
    assert.ok(down.length >= before);
    assert.deepEqual(
      await database.db.query(
        'select board_id from posts where place is not null group by board_id, place having count(*) > 1',
      ),
      [],
    );
  });

  test('a page leaves out no post that this instance knew before as a draft, or as none at all', async () => {
    const [here, elsewhere] = instances;
    const { body: draft } = await here!.call(mina, 'POST', path, {
      title: 'd',
      content: 'c',
      is_draft: true,
    });
    const { body: newest } = await here!.call(mina, 'POST', path, { title: 'n', content: 'c' });
    assert.equal((await elsewhere!.call(mina, 'GET', `${path}/${draft.id}`)).body.is_draft, true);
    const next = newest.id + 1;
    assert.equal((await elsewhere!.call(mina, 'GET', `${path}/${next}`)).status, 404);
    await here!.call(mina, 'PUT', `${path}/${draft.id}`, { is_draft: false });
    assert.equal((await here!.call(mina, 'POST', path, { title: 'm', content: 'c' })).body.id, next);
    for (const filter of ['', `&author=${mina}`]) {
      const list = await elsewhere!.call(undefined, 'GET', `${path}?first_id=${newest.id}${filter}`);
      assert.deepEqual(idsOf(list), [next, draft.id], `with ${filter || 'no filter'}`);
    }
  });

  test('pinned posts stand first on the first page alone, at most five', async () => {
    const made = await instances[0]!.call(mina, 'POST', '/api/boards', { title: 'pins' });
    const own = `/api/boards/${made.body.id}/posts`;
    const call = instances[0]!.call;
    const ids: number[] = [];
    for (let at = 0; at < 25; at += 1)
      ids.push((await call(mina, 'POST', own, { title: `${at}`, content: 'c' })).body.id);
    const pins = await Promise.all(ids.slice(0, 7).map((id) => call(mina, 'PUT', `${own}/${id}/pin`)));
    assert.deepEqual(pins.map(({ status }) => status).toSorted(), [200, 200, 200, 200, 200, 409, 409]);
    const first = await call(undefined, 'GET', own);
    assert.deepEqual(
      first.body.map((one: { is_pinned: boolean }) => one.is_pinned),
      [true, true, true, true, true, false, false, false, false, false],
    );
    const seen = idsOf(first);
    for (let url = linkOf(first, 'next'); url; ) {
      const page = await call(undefined, 'GET', url);
      seen.push(...idsOf(page));
      url = linkOf(page, 'next');
    }
    assert.deepEqual(
      seen.toSorted((a, b) => a - b),
      ids,
    );
    assert.equal((await call(mina, 'DELETE', `${own}/${idsOf(first)[0]}/pin`)).body.is_pinned, false);
    assert.equal(
      (await call(undefined, 'GET', own)).body.filter((one: { is_pinned: boolean }) => one.is_pinned).length,
      4,
    );
  });

  test('one author and a range of time narrow it; a cursor that names no post of the board is refused', async () => {
    const call = instances[0]!.call;
    const all = await call(undefined, 'GET', `${path}?author=${jun}`);
    assert.equal(all.body.length, 10);
    assert.ok(all.body.every((one: { author: { id: number } }) => one.author.id === jun));
    const next = await call(undefined, 'GET', linkOf(all, 'next')!);
    assert.ok(next.body[0].id !== all.body[9].id && next.body[0].author.id === jun);
    const { created_at: at } = all.body[4];
    const upTo = await call(undefined, 'GET', `${path}?author=${jun}&to=${encodeURIComponent(at)}`);
    assert.ok(upTo.body.every((one: { created_at: string }) => one.created_at < at));
    assert.equal((await call(undefined, 'GET', `${path}?from=yesterday`)).status, 422);
    assert.equal((await call(undefined, 'GET', `${path}?last_id=999999`)).status, 422);
    const { body: oldest } = await call(undefined, 'GET', `${path}?first_id=0`);
    assert.equal(oldest.length, 10);
  });
});

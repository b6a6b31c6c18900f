import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMembers, type Members, registerMemberRoutes } from '../../src/features/members/index.ts';
import { createSessions, registerSessionRoutes, type Sessions } from '../../src/features/sessions/index.ts';
import { cookieNames } from '../../src/http/authenticate.ts';
import { createServer } from '../../src/http/server.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';

const PASSWORD = 'correct horse battery';

interface Instance {
  readonly app: ReturnType<typeof createServer>;
  readonly members: Members;
  readonly sessions: Sessions;
}

async function startInstance({ db }: TestDatabase, rateLimits: boolean, secure = false): Promise<Instance> {
  const members = createMembers({ db });
  const sessions = createSessions({ db, clock: systemClock, log: testLog, members });
  await sessions.start();
  const cookies = cookieNames(secure);
  const authenticate = { ...sessions, cookies, origins: new Set<string>() };
  const app = createServer({ log: testLog, authenticate, trustedProxies: [] });
  registerMemberRoutes(app, { members, clock: systemClock, rateLimits });
  registerSessionRoutes(app, { members, sessions, clock: systemClock, cookies, secure, rateLimits });
  await app.ready();
  return { app, members, sessions };
}

let database: TestDatabase;
let here: Instance;
let there: Instance;

before(async () => {
  database = await openTestDatabase();
  here = await startInstance(database, false);
  there = await startInstance(database, false);
});
after(async () => {
  for (const instance of [here, there]) {
    await instance.app.close();
    await instance.sessions.stop();
  }
  await database.close();
});

const post = (url: string, payload: object, headers: Record<string, string> = {}, on = here) =>
  on.app.inject({ method: 'POST', url: `/api${url}`, payload, headers });
const get = (url: string, token?: string, on = here) =>
  on.app.inject({ url: `/api${url}`, headers: token ? { authorization: `Bearer ${token}` } : {} });
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

let made = 0;
async function signUp(): Promise<{ id: number; username: string; access: string; refresh: string }> {
  const username = `mina${++made}@example.com`;
  const created = await post('/users/create', { username, password: PASSWORD, first_name: 'Mina' });
  assert.equal(created.statusCode, 201, created.body);
  const pair = (await post('/token/pair', { username, password: PASSWORD })).json();
  return { id: created.json().id, username, access: pair.access, refresh: pair.refresh };
}

async function admin() {
  const username = `root${++made}@example.com`;
  const { id } = await here.members.create({ username, password: PASSWORD, roles: ['admin'] });
  return {
    id,
    access: (await post('/token/pair', { username, password: PASSWORD })).json().access as string,
  };
}

/** Waits until the other process refuses; the figure is one second. */
async function refusedWithin(token: string, on: Instance, limitMs = 1_000): Promise<void> {
  const startedAt = performance.now();
  while ((await get('/users/me', token, on)).statusCode !== 401) {
    assert.ok(performance.now() - startedAt < limitMs, 'still accepted');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('signing up', () => {
  test('answers id, username and display name, and refuses the same name in any case', async () => {
    const body = { username: 'Ada@Example.com', password: PASSWORD, first_name: 'Ada', last_name: 'L' };
    const created = await post('/users/create', body);
    assert.equal(created.statusCode, 201);
    assert.deepEqual(Object.keys(created.json()).sort(), ['display_name', 'id', 'username']);
    assert.equal(created.json().display_name, 'Ada L');
    const again = await post('/users/create', { ...body, username: 'ada@example.com' });
    assert.equal(again.statusCode, 400);
    assert.ok(again.json().detail);
  });
  test('of one name by many at once makes one member and no 500', async () => {
    const body = { username: 'race@example.com', password: PASSWORD };
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('/users/create', body)));
    const statuses = answers.map((answer) => answer.statusCode).sort();
    assert.deepEqual(statuses, [201, ...Array(19).fill(400)]);
  });
  test('names every bad field', async () => {
    const bad: [object, string][] = [
      [{ username: 'no-mail', password: PASSWORD }, 'username'],
      [{ username: 'a@example.com' }, 'password'],
      [{ username: 'a@example.com', password: 'short' }, 'password'],
      [{ username: 'a@example.com', password: 'x'.repeat(129) }, 'password'],
      [{ username: 'a@example.com', password: 'password123' }, 'password'],
      [{ username: 'a@example.com', password: PASSWORD, first_name: 'nul\u0000' }, 'first_name'],
      [{ username: 'a@example.com', password: PASSWORD, first_name: '\ud800' }, 'first_name'],
      [{ username: 'a@example.com', password: PASSWORD, roles: ['admin'] }, 'roles'],
    ];
    for (const [body, path] of bad) {
      const answer = await post('/users/create', body);
      assert.equal(answer.statusCode, 422, JSON.stringify(body));
      assert.equal(answer.json().errors[0].path, path);
    }
  });
});

describe('signing in', () => {
  test('by cookie: HttpOnly cookies, a CSRF token that unsafe methods need, and sign-out', async () => {
    const { username } = await signUp();
    const login = await post('/users/login', { username, password: PASSWORD }, { cookie: 'access=stale' });
    assert.equal(login.statusCode, 200);
    assert.deepEqual(Object.keys(login.json()).sort(), ['access', 'refresh']);
    const jar = Object.fromEntries(login.cookies.map((cookie) => [cookie.name, cookie]));
    assert.equal(jar.access?.httpOnly && jar.refresh?.httpOnly, true);
    assert.notEqual(jar.csrftoken?.httpOnly, true);
    assert.equal(login.headers['x-csrftoken'], jar.csrftoken?.value);
    const cookie = login.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const me = await here.app.inject({ url: '/api/users/me', headers: { cookie } });
    assert.equal(me.json().username, username);
    assert.equal((await post('/users/logout', {}, { cookie })).json().code, 'csrf');
    const renewed = await post('/users/renew', {}, { cookie, 'x-csrftoken': jar.csrftoken!.value });
    assert.equal(renewed.statusCode, 200, renewed.body);
    const fresh = renewed.cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
    const logout = await here.app.inject({
      method: 'POST',
      url: '/api/users/logout',
      headers: { cookie: fresh, 'x-csrftoken': jar.csrftoken!.value },
    });
    assert.deepEqual(logout.json(), { detail: 'Logout OK' });
    assert.ok(logout.cookies.every((gone) => gone.value === '' && gone.maxAge === 0));
    assert.equal((await here.app.inject({ url: '/api/users/me', headers: { cookie } })).statusCode, 401);
    assert.equal((await post('/token/refresh', { refresh: renewed.cookies[1]!.value })).statusCode, 401);
  });
  test('over https names the cookies __Host- and marks them Secure', async () => {
    const { username } = await signUp();
    const secure = await startInstance(database, false, true);
    const login = await post('/users/login', { username, password: PASSWORD }, {}, secure);
    for (const cookie of login.cookies) {
      assert.match(cookie.name, /^__Host-/);
      assert.deepEqual([cookie.secure, cookie.path, cookie.domain], [true, '/', undefined]);
    }
    await secure.app.close();
    await secure.sessions.stop();
  });
  test('fails in one way for a wrong password and an unknown account', async () => {
    const { username } = await signUp();
    const wrong = await post('/users/login', { username, password: 'wrong horse' });
    const unknown = await post('/users/login', { username: 'nobody@example.com', password: 'wrong horse' });
    const shape = (answer: typeof wrong) => [answer.statusCode, { ...answer.json(), request_id: '' }];
    assert.deepEqual(shape(wrong), shape(unknown));
    assert.equal(wrong.statusCode, 401);
  });
  test('is limited to 5 failures in 15 minutes an account and address, never more under a race', async () => {
    const { username } = await signUp();
    const limited = await startInstance(database, true);
    const tries = Array.from({ length: 12 }, () =>
      post('/users/login', { username, password: 'no' }, {}, limited),
    );
    const statuses = (await Promise.all(tries)).map((answer) => answer.statusCode).sort();
    assert.deepEqual(statuses, [...Array(5).fill(401), ...Array(7).fill(429)]);
    const right = await post('/token/pair', { username, password: PASSWORD }, {}, limited);
    assert.equal(right.statusCode, 429);
    assert.ok(Number(right.headers['retry-after']) > 0);
    await limited.app.close();
    await limited.sessions.stop();
  });
  test('by header: verify, refresh, sign out', async () => {
    const { access, refresh } = await signUp();
    assert.deepEqual((await post('/token/verify', { token: access })).json(), {});
    assert.equal((await post('/token/verify', { token: 'x.y.z' })).statusCode, 401);
    const refreshed = await post('/token/refresh', { refresh });
    assert.equal(refreshed.headers['cache-control'], 'no-store');
    assert.equal(refreshed.headers['set-cookie'], undefined);
    const next = refreshed.json();
    assert.equal((await get('/users/me', next.access)).statusCode, 200);
    const logout = await post('/users/logout', { refresh: next.refresh }, bearer(next.access));
    assert.equal(logout.statusCode, 200, logout.body);
    for (const token of [access, next.access]) await refusedWithin(token, there);
    assert.equal((await post('/token/refresh', { refresh: next.refresh })).statusCode, 401);
  });
});

describe('tokens', () => {
  test('one refresh token has one successor under 100 parallel refreshes, and its reuse ends the session everywhere', async () => {
    const { access, refresh } = await signUp();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) => post('/token/refresh', { refresh }, {}, at % 2 ? here : there)),
    );
    const good = answers.filter((answer) => answer.statusCode === 200);
    assert.equal(good.length, 1);
    assert.ok(answers.every((answer) => [200, 401].includes(answer.statusCode)));
    assert.equal((await post('/token/refresh', { refresh: good[0]!.json().refresh })).statusCode, 401);
    for (const instance of [here, there]) await refusedWithin(access, instance);
  });
  test('forged ones are 401', async () => {
    const { access, refresh } = await signUp();
    const [header, payload, signature] = access.split('.') as [string, string, string];
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const forged = [
      refresh,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      `${header}.${payload}.${signature.slice(0, -2)}`,
      `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
      `${encode({ alg: 'HS512', typ: 'at+jwt', kid })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', typ: 'JWT', kid })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', typ: 'at+jwt' })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', typ: 'at+jwt', kid: '../../etc' })}.${payload}.${signature}`,
      `${encode({ alg: 'HS256', typ: 'at+jwt', kid: ['a'] })}.${payload}.${signature}`,
      `${encode([])}.${payload}.${signature}`,
      `${Buffer.from('null').toString('base64url')}.${payload}.${signature}`,
      `${header}.${encode({ sub: '1', roles: ['admin'] })}.${signature}`,
      'x'.repeat(8_000),
      '...',
    ];
    for (const token of forged)
      assert.equal((await get('/users/me', token)).statusCode, 401, token.slice(0, 80));
    assert.equal((await get('/users/me', access)).statusCode, 200);
  });
});

describe('members', () => {
  test('are listed newest first, with masked names for all but admins', async () => {
    const { id, username, access } = await signUp();
    const root = await admin();
    const page = (await get('/users?page_size=2')).json();
    assert.deepEqual(Object.keys(page), ['count', 'next', 'previous', 'results']);
    assert.deepEqual(
      page.results.map((member: { id: number }) => member.id),
      [root.id, id],
    );
    assert.equal(page.results[1].username, 'm***@e***.com');
    assert.equal(page.next, '/api/users?page_size=2&page=2');
    assert.equal((await get('/users?page_size=2', root.access)).json().results[1].username, username);
    assert.equal((await get('/users?page=999')).statusCode, 404);
    assert.equal((await get('/users?page_size=200')).statusCode, 422);
    assert.equal((await get(`/users/${id}`)).json().username, 'm***@e***.com');
    assert.equal((await get(`/users/${id}`, access)).json().username, username);
    assert.equal((await get('/users/999999')).statusCode, 404);
  });
  test('see and change their own profile', async () => {
    const { access, id, username } = await signUp();
    const payload = { display_name: '미나' };
    const changed = await here.app.inject({
      method: 'PATCH',
      url: '/api/users/me',
      payload,
      headers: bearer(access),
    });
    const profile = {
      id,
      username,
      display_name: '미나',
      first_name: 'Mina',
      last_name: '',
      roles: ['member'],
    };
    assert.deepEqual(changed.json(), profile);
    assert.deepEqual((await get('/users/me', access)).json(), profile);
  });
  test('get roles from admins only; tokens with the old roles die, the session goes on', async () => {
    const { id, access, refresh } = await signUp();
    const root = await admin();
    const patch = (token: string, payload: object) =>
      here.app.inject({ method: 'PATCH', url: `/api/users/${id}`, payload, headers: bearer(token) });
    assert.equal((await patch(access, { roles: ['admin'] })).statusCode, 403);
    assert.equal((await patch(root.access, { roles: ['king'] })).statusCode, 422);
    assert.deepEqual((await patch(root.access, { roles: ['advertiser'] })).json().roles, [
      'member',
      'advertiser',
    ]);
    await refusedWithin(access, there);
    const next = (await post('/token/refresh', { refresh })).json();
    assert.deepEqual((await get('/users/me', next.access, there)).json().roles, ['member', 'advertiser']);
  });
  test('delete themselves, or an admin does, and nothing personal stays', async () => {
    const { id, access, refresh, username } = await signUp();
    const stranger = await signUp();
    const remove = (token: string) =>
      here.app.inject({ method: 'DELETE', url: `/api/users/${id}`, headers: bearer(token) });
    assert.equal((await remove(stranger.access)).statusCode, 403);
    assert.equal((await remove(access)).statusCode, 204);
    await refusedWithin(access, there);
    assert.equal((await post('/token/refresh', { refresh })).statusCode, 401);
    assert.equal((await remove((await admin()).access)).statusCode, 404);
    const [row] = await database.db.query('select * from members where id = $1', [id]);
    assert.doesNotMatch(JSON.stringify(row), /mina|argon/i);
    assert.equal((await post('/users/create', { username, password: PASSWORD })).statusCode, 201);
  });
  test('whose password was changed are signed out everywhere', async () => {
    const { id, username, access, refresh } = await signUp();
    await here.members.setPassword(id, 'another horse battery');
    for (const instance of [here, there]) await refusedWithin(access, instance);
    assert.equal((await post('/token/refresh', { refresh })).statusCode, 401);
    assert.equal((await post('/token/pair', { username, password: PASSWORD })).statusCode, 401);
  });
  test('the first admin is made once', async () => {
    const first = { username: 'first@example.com', password: PASSWORD };
    await database.db.query(`update members set roles = '{member}'`);
    assert.deepEqual(
      (await Promise.all([here.members.ensureAdmin(first), there.members.ensureAdmin(first)])).sort(),
      [false, true],
    );
  });
});

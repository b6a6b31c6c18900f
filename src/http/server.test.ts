import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { pino } from 'pino';
import { Type } from 'typebox';
import { AppError, EngineError } from '../kit/errors.ts';
import { type AuthenticateOptions, cookieNames } from './authenticate.ts';
import { registerOpenApi } from './openapi.ts';
import type { Policy } from './policy.ts';
import { createServer } from './server.ts';

const ada = { memberId: 7, actorId: 'a', roles: ['member'], sessionId: 's7' } as const;
const root = { memberId: 1, actorId: 'r', roles: ['member', 'admin'], sessionId: 's1' } as const;
const options: AuthenticateOptions = {
  verifyAccess: (token) => {
    if (token === 'ada') return ada;
    if (token === 'root') return root;
    throw new AppError('not_signed_in', 'no');
  },
  verifyCsrf: (token, sessionId) => token === `csrf-${sessionId}`,
  cookies: cookieNames(false),
  origins: new Set(['https://shop.example']),
};

function createApp(lines: string[] = []) {
  const log = pino({}, { write: (line: string) => lines.push(line) });
  return createServer({ log, authenticate: options, trustedProxies: [] });
}

function createPolicyApp() {
  const app = createApp();
  const policies: Record<string, Policy> = { anyone: 'anyone', in: 'signed-in', admin: ['admin'] };
  for (const [name, policy] of Object.entries(policies)) {
    app.all(`/${name}`, { config: { policy } }, (request) => ({ member: request.viewer?.memberId ?? null }));
  }
  app.get('/users/:id', { config: { policy: 'self-or-admin' } }, () => ({}));
  app.post('/click', { config: { policy: 'anyone', csrf: 'origin' } }, (request) => ({
    member: request.viewer?.memberId ?? null,
  }));
  app.post('/login', { config: { policy: 'anyone', credentials: 'ignored' } }, () => ({}));
  return app;
}

describe('policies', () => {
  test('a route without one makes the boot fail and is named', () => {
    assert.throws(() => createApp().get('/forgotten', () => ''), /GET \/forgotten declares no access policy/);
  });
  test('decide by member and role', async () => {
    const app = createPolicyApp();
    const statusOf = async (url: string, token?: string) =>
      (await app.inject({ url, headers: token ? { authorization: `Bearer ${token}` } : {} })).statusCode;
    assert.deepEqual(
      await Promise.all(['/anyone', '/in', '/admin', '/users/7'].map((url) => statusOf(url))),
      [200, 401, 401, 401],
    );
    assert.deepEqual(
      await Promise.all(
        ['/anyone', '/in', '/admin', '/users/7', '/users/8', '/users/07'].map((url) => statusOf(url, 'ada')),
      ),
      [200, 200, 403, 200, 403, 403],
    );
    assert.deepEqual(
      await Promise.all(['/admin', '/users/7'].map((url) => statusOf(url, 'root'))),
      [200, 200],
    );
  });
  test('a credential that is not valid is 401, never nobody', async () => {
    const app = createPolicyApp();
    for (const headers of [
      { authorization: 'Bearer x' },
      { authorization: 'Basic x' },
      { authorization: '' },
      { cookie: 'access=x' },
    ]) {
      assert.equal((await app.inject({ url: '/anyone', headers })).statusCode, 401, JSON.stringify(headers));
    }
    assert.equal(
      (await app.inject({ method: 'POST', url: '/login', headers: { cookie: 'access=x' } })).statusCode,
      200,
    );
  });
  test('the Authorization header wins over cookies', async () => {
    const headers = { authorization: 'Bearer root', cookie: 'access=ada' };
    assert.deepEqual((await createPolicyApp().inject({ method: 'POST', url: '/anyone', headers })).json(), {
      member: 1,
    });
  });
});

describe('CSRF', () => {
  const post = (url: string, headers: Record<string, string>) =>
    createPolicyApp().inject({ method: 'POST', url, headers });
  test('an unsafe method signed in by cookie needs the token of its own session, in header and cookie', async () => {
    const cookie = 'access=ada; csrftoken=csrf-s7';
    assert.equal((await post('/in', { cookie, 'x-csrftoken': 'csrf-s7' })).statusCode, 200);
    assert.equal((await post('/in', { cookie })).json().code, 'csrf');
    assert.equal((await post('/in', { cookie: 'access=ada', 'x-csrftoken': 'csrf-s7' })).statusCode, 403);
    assert.equal(
      (await post('/in', { cookie: 'access=ada; csrftoken=csrf-s1', 'x-csrftoken': 'csrf-s1' })).statusCode,
      403,
    );
    assert.equal((await post('/in', { authorization: 'Bearer ada' })).statusCode, 200);
    assert.equal((await createPolicyApp().inject({ url: '/in', headers: { cookie } })).statusCode, 200);
  });
  test('on collecting routes the cookie names the member from own and listed origins only', async () => {
    const from = async (headers: Record<string, string>) =>
      (await post('/click', { cookie: 'access=ada', host: 'weir.example', ...headers })).json().member;
    assert.equal(await from({ origin: 'https://weir.example' }), 7);
    assert.equal(await from({ origin: 'https://shop.example' }), 7);
    assert.equal(await from({ origin: 'https://evil.example' }), null);
    assert.equal(await from({ origin: 'null' }), null);
    assert.equal(await from({ 'sec-fetch-site': 'cross-site' }), null);
    assert.equal(await from({}), 7);
  });
});

function createErrorApp(lines: string[] = []) {
  const app = createApp(lines);
  const body = Type.Object(
    { title: Type.String({ maxLength: 3 }), n: Type.Optional(Type.Integer()) },
    { additionalProperties: false },
  );
  app.post('/things', { config: { policy: 'anyone' }, schema: { body } }, () => ({}));
  const querystring = Type.Object(
    { n: Type.Optional(Type.Integer({ minimum: 0 })), all: Type.Optional(Type.Boolean()) },
    { additionalProperties: false },
  );
  app.get(
    '/things/:id',
    { config: { policy: 'anyone' }, schema: { querystring, params: Type.Object({ id: Type.Integer() }) } },
    (request) => ({ ...(request.query as object), ...(request.params as object) }),
  );
  app.get('/bug', { config: { policy: 'anyone' } }, () => {
    throw new Error('secret cause');
  });
  for (const mayHaveHappened of [true, false]) {
    app.get(`/engine-${mayHaveHappened}`, { config: { policy: 'anyone' } }, () => {
      throw new EngineError({
        engine: 'postgres',
        operation: 'x',
        retryable: true,
        mayHaveHappened,
        cause: new Error('secret'),
      });
    });
  }
  return app;
}

describe('errors', () => {
  const send = (payload: unknown, headers = { 'content-type': 'application/json' }) =>
    createErrorApp().inject({ method: 'POST', url: '/things', headers, payload: payload as string });
  test('bad input is 422 and names each field', async () => {
    const answer = await send({ title: 'long', n: '1', extra: true });
    assert.equal(answer.statusCode, 422);
    assert.match(String(answer.headers['content-type']), /^application\/problem\+json/);
    const problem = answer.json();
    assert.deepEqual(problem.errors.map((error: { path: string }) => error.path).sort(), [
      'extra',
      'n',
      'title',
    ]);
    assert.equal(problem.code, 'invalid');
    for (const member of ['type', 'title', 'status', 'detail', 'request_id'])
      assert.ok(problem[member], member);
    assert.deepEqual((await send({})).json().errors, [{ path: 'title', message: 'is required' }]);
  });
  test('query and path are typed exactly, unknown ones refused', async () => {
    const get = (url: string) => createErrorApp().inject(url);
    assert.deepEqual((await get('/things/5?n=3&all=true')).json(), { n: 3, all: true, id: 5 });
    for (const url of [
      '/things/x',
      '/things/5?n=1.5',
      '/things/5?n=',
      '/things/5?n=-1',
      '/things/5?m=1',
      '/things/1e3',
    ]) {
      assert.equal((await get(url)).statusCode, 422, url);
    }
  });
  test('the other refusals have their status', async () => {
    assert.equal((await send('{"title":')).json().code, 'malformed');
    assert.deepEqual((await send('')).json().errors, [{ path: 'body', message: 'must be object' }]);
    assert.equal((await send(`{"__proto__":{}}`)).statusCode, 400);
    assert.equal((await send(`"${'x'.repeat(70_000)}"`)).statusCode, 413);
    assert.equal((await send('<a/>', { 'content-type': 'text/xml' })).statusCode, 415);
    const app = createErrorApp();
    assert.equal((await app.inject('/nothing')).json().code, 'not_found');
    assert.equal((await app.inject('/%zz')).json().code, 'malformed');
    const wrong = await app.inject({ method: 'DELETE', url: '/things' });
    assert.deepEqual(
      [wrong.statusCode, wrong.headers.allow, wrong.json().code],
      [405, 'POST', 'method_not_allowed'],
    );
    assert.equal((await app.inject({ method: 'HEAD', url: '/things/5' })).statusCode, 405);
  });
  test('a bug is logged with its cause and shown without', async () => {
    const lines: string[] = [];
    const answer = await createErrorApp(lines).inject('/bug');
    assert.equal(answer.statusCode, 500);
    assert.doesNotMatch(answer.body, /secret|stack/);
    assert.match(lines.join(), /secret cause/);
    assert.match(lines.join(), new RegExp(answer.json().request_id));
  });
  test('engine trouble is 503 with Retry-After and says whether it may have happened', async () => {
    const app = createErrorApp();
    for (const [url, code] of [
      ['/engine-true', 'outcome_unknown'],
      ['/engine-false', 'unavailable'],
    ] as const) {
      const answer = await app.inject(url);
      assert.deepEqual(
        [answer.statusCode, answer.headers['retry-after'], answer.json().code],
        [503, '1', code],
      );
      assert.doesNotMatch(answer.body, /secret/);
    }
  });
});

test('the OpenAPI document describes the routes, the docs page lists them', async () => {
  const app = createApp();
  await registerOpenApi(app, '1.2.3');
  app.get(
    '/api/things/:id',
    { config: { policy: ['admin'] }, schema: { params: Type.Object({ id: Type.Integer() }) } },
    () => ({}),
  );
  const document = (await app.inject('/api/openapi.json')).json();
  assert.equal(document.openapi, '3.1.0');
  assert.match(document.paths['/api/things/{id}'].get.description, /Access: admin/);
  assert.match((await app.inject('/api/docs')).body, /\/api\/things\/\{id\}/);
  assert.deepEqual((await app.inject('/api/version')).json(), { version: '1.2.3' });
});

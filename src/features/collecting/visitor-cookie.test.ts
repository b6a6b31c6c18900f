import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseSetCookie } from 'cookie';
import { createVisitorCookie, type VisitorCookieOptions, type VisitorRequest } from './visitor-cookie.ts';

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 4, 1, 9);

function createVisitors(parts: Partial<VisitorCookieOptions> = {}) {
  let now = START;
  const find = createVisitorCookie({
    key: Buffer.alloc(32, 7),
    secure: false,
    origins: new Set(['https://www.shop.example']),
    clock: { now: () => now, monotonicMs: () => now },
    boundNewcomers: true,
    ...parts,
  });
  return { find, advance: (ms: number) => (now += ms) };
}

function request(
  headers: VisitorRequest['headers'] = {},
  parts: Partial<VisitorRequest> = {},
): VisitorRequest {
  return {
    method: 'GET',
    headers: { host: 'ads.shop.example', ...headers },
    query: {},
    viewer: undefined,
    clientAddress: '203.0.113.9',
    ...parts,
  };
}

/** The Cookie header that a browser sends back. */
function toCookieHeader(setCookie: string | undefined): string {
  const { name, value } = parseSetCookie(setCookie ?? '');
  return `${name}=${value}`;
}

describe('the cookie of a visitor', () => {
  test('is HttpOnly and Lax, lasts 13 months at most, and is Secure and of this host alone where https is', () => {
    const { value, ...plain } = parseSetCookie(createVisitors().find(request())?.setCookie ?? '');
    assert.match(String(value), /^[\w-]{48}$/);
    const shared = { path: '/', httpOnly: true, sameSite: 'lax', maxAge: 390 * 86_400 };
    assert.deepEqual({ ...plain }, { name: 'visitor', ...shared });
    const secure = parseSetCookie(createVisitors({ secure: true }).find(request())?.setCookie ?? '');
    assert.deepEqual(
      { ...secure, value: '' },
      { name: '__Host-visitor', value: '', secure: true, ...shared },
    );
  });

  test('makes one visitor of one browser over months, in another process too, and is never prolonged', () => {
    const visitors = createVisitors();
    const first = visitors.find(request());
    const cookie = toCookieHeader(first?.setCookie);
    visitors.advance(389 * DAY_MS);
    for (const find of [visitors.find, createVisitors().find]) {
      assert.deepEqual(find(request({ cookie: `a=b; ${cookie}` })), {
        actor: first?.actor,
        setCookie: undefined,
      });
    }
    visitors.advance(DAY_MS);
    const renewed = visitors.find(request({ cookie }));
    assert.notEqual(renewed?.actor, first?.actor);
    assert.notEqual(renewed?.setCookie, undefined);
  });

  test('tells two browsers of one address and agent apart, and shows nobody the id', () => {
    const { find } = createVisitors();
    const [one, other] = [find(request()), find(request())];
    assert.notEqual(one?.actor, other?.actor);
    assert.match(one?.actor ?? '', /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const id = Buffer.from(toCookieHeader(one?.setCookie).split('=')[1]!, 'base64url').toString('hex', 0, 16);
    assert.notEqual(one?.actor.replaceAll('-', ''), id);
  });

  test('is replaced where it was made up, altered, cut, or made under another key', () => {
    const { find } = createVisitors();
    const good = find(request());
    const cookie = toCookieHeader(good?.setCookie);
    const foreign = createVisitors({ key: Buffer.alloc(32, 8) }).find(request())?.setCookie;
    const altered = [...cookie.slice('visitor='.length)].map(
      (sign, at, all) => `visitor=${all.with(at, sign === 'A' ? 'B' : 'A').join('')}`,
    );
    for (const wrong of [
      ...altered,
      'visitor=',
      'visitor=me',
      cookie.slice(0, -2),
      toCookieHeader(foreign),
    ]) {
      const found = createVisitors({ boundNewcomers: false }).find(request({ cookie: wrong }));
      assert.notEqual(found?.setCookie, undefined, wrong);
      assert.notEqual(found?.actor, good?.actor);
    }
    assert.equal(altered.length, 48);
  });

  test('is neither set nor read for a member, with DNT or Sec-GPC, from another site, or where none travels', () => {
    const { find } = createVisitors();
    const cookie = toCookieHeader(find(request())?.setCookie);
    const viewer = { memberId: 1, actorId: '', roles: [], sessionId: '', via: 'header' } as const;
    const cases: [VisitorRequest['headers'], Partial<VisitorRequest>?][] = [
      [{}, { viewer }],
      [{}, { query: { cookies: 'omit' } }],
      [{ dnt: '1' }],
      [{ 'sec-gpc': '1' }],
      [{ 'sec-fetch-site': 'cross-site' }],
      [{ origin: 'https://evil.example' }],
      [{ origin: 'null' }],
      [{ origin: 'https://www.shop.example', 'sec-fetch-site': 'cross-site' }],
    ];
    for (const [headers, parts] of cases) {
      assert.equal(find(request(headers, parts)), undefined, JSON.stringify(headers));
      assert.equal(find(request({ ...headers, cookie }, parts)), undefined, JSON.stringify(headers));
    }
    for (const headers of [
      { dnt: '0' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://www.shop.example' },
      { origin: 'https://ads.shop.example' },
    ]) {
      assert.equal(find(request({ ...headers, cookie }))?.setCookie, undefined, JSON.stringify(headers));
      assert.notEqual(find(request(headers))?.setCookie, undefined, JSON.stringify(headers));
    }
  });

  test('comes to 120 newcomers of one address, or IPv6 network, in an hour; who brings one is known all the same', () => {
    const { find, advance } = createVisitors();
    const cookie = toCookieHeader(find(request())?.setCookie);
    for (let newcomer = 1; newcomer < 120; newcomer += 1) assert.ok(find(request()));
    assert.equal(find(request()), undefined);
    assert.ok(find(request({ cookie })));
    assert.ok(find(request({}, { clientAddress: '203.0.113.10' })));
    const from = (n: number) => request({}, { clientAddress: `2001:db8:0:5::${n.toString(16)}` });
    assert.equal(Array.from({ length: 130 }, (_, n) => find(from(n))).filter(Boolean).length, 120);
    advance(3_600_000);
    assert.ok(find(request()));
  });
});

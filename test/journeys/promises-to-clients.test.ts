import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newEventId } from '../../src/events/event-id.ts';
import { createMembers } from '../../src/features/members/index.ts';
import type { AppError } from '../../src/kit/errors.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { ADMIN, type Client, createClient, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

const MINUTE_MS = 60_000;
const PASSWORD = 'seven-loud-otters';

describe('what clients may rely on', () => {
  let database: TestDatabase;
  let weir: RunningWeir;
  let admin: Client;
  let anyone: Client;

  before(async () => {
    database = await openTestDatabase();
    weir = await startWeir({ env: { DATABASE_URL: database.url } });
    admin = await signIn(weir.url, ADMIN);
    anyone = createClient(weir.url, {});
  });
  after(async () => {
    await weir.close();
    await database.close();
  });

  test('a cookie lives as long as its token: access for 10 minutes, refresh for 7 days', async () => {
    const login = await anyone('POST', '/api/users/login', ADMIN);
    assert.equal(login.status, 200);
    const lives = new Map(
      login.headers.getSetCookie().map((cookie) => {
        const expires = /expires=([^;]+)/i.exec(cookie)?.[1];
        if (expires !== undefined) assert.ok(!Number.isNaN(Date.parse(expires)), cookie);
        return [cookie.split('=')[0], Number(/max-age=(\d+)/i.exec(cookie)?.[1])];
      }),
    );
    assert.deepEqual([lives.get('access'), lives.get('refresh')], [600, 7 * 86_400]);
  });

  test('a forged X-Forwarded-For gives nobody more tries to sign in', async () => {
    const who = { username: 'throttled@example.com', password: PASSWORD };
    assert.equal((await anyone('POST', '/api/users/create', who)).status, 201);
    const statuses: number[] = [];
    for (let at = 0; at < 7; at += 1) {
      const wrong = { ...who, password: 'wrong horse' };
      const forged = { 'x-forwarded-for': `198.51.100.${at}` };
      statuses.push((await anyone('POST', '/api/users/login', wrong, forged)).status);
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429]);
  });

  test('live numbers end for who signs out, and for whose role is taken', async () => {
    const who = { username: 'watcher@example.com', password: PASSWORD };
    const { id } = (await anyone('POST', '/api/users/create', who)).body;
    const campaign = (
      await admin('POST', '/api/campaigns', {
        title: 'Watched',
        content: 'x',
        start_date: '2000-01-01T00:00:00Z',
        end_date: '2100-01-01T00:00:00Z',
      })
    ).body.id;
    const ends: Record<string, (bearer: Record<string, string>, refresh: string) => Promise<unknown>> = {
      'sign-out': (bearer, refresh) => anyone('POST', '/api/users/logout', { refresh }, bearer),
      role: () => admin('PATCH', `/api/users/${id}`, { roles: [] }),
    };
    for (const [name, end] of Object.entries(ends)) {
      assert.equal((await admin('PATCH', `/api/users/${id}`, { roles: ['marketer'] })).status, 200);
      const { access, refresh } = (await anyone('POST', '/api/token/pair', who)).body;
      const bearer = { authorization: `Bearer ${access}` };
      const live = await fetch(`${weir.url}/api/campaigns/${campaign}/live`, { headers: bearer });
      assert.equal(live.status, 200);
      let isOpen = true;
      const reading = (async () => {
        for await (const chunk of live.body!) assert.ok(chunk.length > 0);
        isOpen = false;
      })();
      await pause(1_500);
      assert.ok(isOpen, `open until the ${name}`);
      await end(bearer, refresh);
      await until(() => !isOpen);
      await reading;
    }
  });

  test('another origin reads nothing of a member: only collecting answers it, and without credentials', async () => {
    const foreign = { origin: 'https://elsewhere.example' };
    for (const path of ['/api/users/me', '/api/campaigns', '/api/users']) {
      const { headers } = await admin('GET', path, undefined, foreign);
      assert.equal(headers.get('access-control-allow-origin'), null, path);
    }
    const { headers } = await anyone('POST', '/api/events', { type: 'view', campaign_id: 999_999 }, foreign);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('access-control-allow-credentials'), null);
  });

  test('a campaign keeps the dates it was given, and windows that meet share no event and miss none', async () => {
    const dates = { start_date: '2020-02-29T23:30:00+05:45', end_date: '2099-01-01T00:00:00-03:30' };
    const made = await admin('POST', '/api/campaigns', { title: 'dates', content: 'Sale', ...dates });
    const id = made.body.id as number;
    for (const shown of [made.body, (await anyone('GET', `/api/campaigns/${id}`)).body]) {
      assert.equal(Date.parse(shown.start_date), Date.parse(dates.start_date));
      assert.equal(Date.parse(shown.end_date), Date.parse(dates.end_date));
    }
    const edge = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 90 * MINUTE_MS;
    const instants = [edge - 1, edge, edge + 1];
    for (const at of instants) {
      const event = { event_id: newEventId(), type: 'click', campaign_id: id };
      const sent = { ...event, occurred_at: new Date(at).toISOString() };
      assert.equal((await anyone('POST', '/api/events', sent)).status, 202);
    }
    const clicks = async (from: number, to: number) => {
      const range = `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}`;
      return (await admin('GET', `/api/campaigns/${id}/stats?traffic=all&${range}`)).body.totals.clicks;
    };
    const hour = 60 * MINUTE_MS;
    await until(async () => (await clicks(edge - hour, edge + hour)) === instants.length);
    assert.deepEqual([await clicks(edge - hour, edge), await clicks(edge, edge + hour)], [1, 2]);
  });

  test('the same campaign, two hundred times at once, is made once and refused without a 500', async () => {
    const campaign = {
      title: 'at once',
      content: 'the same',
      start_date: '2026-01-01T00:00:00Z',
      end_date: '2036-01-01T00:00:00Z',
    };
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => admin('POST', '/api/campaigns', campaign)),
    );
    const statuses = answers.map((answer) => answer.status);
    assert.equal(statuses.filter((status) => status === 201).length, 1);
    assert.deepEqual(new Set(statuses.filter((status) => status !== 201)), new Set([400]));
  });

  test('a first password that anybody would guess is refused at the first start', async () => {
    const empty = await openTestDatabase();
    const { ensureAdmin } = createMembers({ db: empty.db });
    for (const password of ['1234', 'password123'])
      await assert.rejects(
        ensureAdmin({ ...ADMIN, password }),
        (error: AppError) => error.code === 'invalid',
      );
    assert.deepEqual(await empty.db.query('select id from members'), []);
    await empty.close();
  });
});

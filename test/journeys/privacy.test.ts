import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { type Client, createClient, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

const DAY_MS = 86_400_000;
const ADDRESSES = ['203.0.113.77', '2001:db8:0:5::9'];
const NETWORKS = ['203.0.113.0/24', '2001:db8::/48'];

interface Row {
  readonly event_id: string;
  readonly occurred_at: string;
  readonly actor: string;
  readonly network: string | null;
  readonly address: string | null;
}

describe('who an event names', () => {
  let database: TestDatabase;
  let weir: RunningWeir;
  let secure: RunningWeir;
  let admin: Client;
  let owner: Client;
  let anyone: Client;

  before(async () => {
    database = await openTestDatabase();
    const env = {
      DATABASE_URL: database.url,
      VISITOR_COOKIE: 'on',
      TRUSTED_PROXIES: '127.0.0.1/32',
      RATE_LIMITS: 'off',
    };
    [weir, secure] = await Promise.all([
      startWeir({ env: { ...env, ALLOWED_ORIGINS: 'https://www.shop.example' } }),
      startWeir({ env: { ...env, PUBLIC_URL: 'https://ads.shop.example' } }),
    ]);
    admin = await signIn(weir.url, weir.admin);
    anyone = createClient(weir.url, {});
    const advertiser = { username: 'river@example.com', password: 'seven-loud-otters' };
    const { id } = (await anyone('POST', '/api/users/create', advertiser)).body;
    assert.equal((await admin('PATCH', `/api/users/${id}`, { roles: ['member', 'advertiser'] })).status, 200);
    owner = await signIn(weir.url, advertiser);
  });
  after(async () => {
    await Promise.all([weir?.close(), secure?.close()]);
    await database?.close();
  });

  async function create(title: string): Promise<number> {
    const answer = await owner('POST', '/api/campaigns', {
      title,
      content: 'Sale',
      start_date: '2020-01-01T00:00:00Z',
      end_date: '2099-01-01T00:00:00Z',
      landing_url: 'https://shop.example/sale',
    });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.id;
  }
  const listRows = async (id: number): Promise<Row[]> =>
    (await admin('GET', `/api/campaigns/${id}/events`)).body;
  const routesOf = (id: number): [string, string, unknown][] => [
    ['GET', `/api/campaigns/${id}`, undefined],
    ['POST', `/api/campaigns/${id}`, undefined],
    ['POST', '/api/events', { type: 'view', campaign_id: id }],
    ['POST', '/api/events', [{ type: 'true_view', campaign_id: id }]],
    ['GET', `/t/v.gif?c=${id}`, undefined],
    ['GET', `/t/c/${id}`, undefined],
  ];
  const cookieOf = (headers: Headers) => headers.getSetCookie()[0]?.split(';')[0] ?? '';

  test('each collecting route gives a newcomer the id it was counted under, and takes it back', async () => {
    for (let index = 0; index < routesOf(0).length; index += 1) {
      const id = await create(`route ${index}`);
      const at = routesOf(id)[index]!;
      const first = await anyone(...at);
      assert.match(
        first.headers.getSetCookie().join(),
        /^visitor=[\w-]{48}; Max-Age=33696000; Path=\/; HttpOnly; SameSite=Lax$/,
      );
      assert.equal(first.headers.get('cache-control'), 'no-store');
      const cookie = cookieOf(first.headers);
      const second = await anyone(...at, { cookie });
      assert.deepEqual([second.status, second.headers.getSetCookie()], [first.status, []]);
      const stranger = await anyone(...at);
      assert.notEqual(cookieOf(stranger.headers), cookie);
      const actors = (await listRows(id)).map((row) => row.actor);
      assert.deepEqual([actors.length, new Set(actors).size], [3, 2], at.slice(0, 2).join(' '));
    }
  });

  test('behind https the cookie is Secure and of this host alone', async () => {
    const id = await create('secure');
    const answer = await createClient(secure.url, {})('GET', `/t/v.gif?c=${id}`);
    assert.match(
      answer.headers.getSetCookie().join(),
      /^__Host-visitor=[\w-]{48}; Max-Age=33696000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    );
    const value = cookieOf(answer.headers).split('=')[1];
    await anyone('GET', `/t/v.gif?c=${id}`, undefined, { cookie: `visitor=${value}` });
    // Two servers on one database know the same visitor.
    assert.equal(new Set((await listRows(id)).map((row) => row.actor)).size, 1);
  });

  test('one browser over two days is one visitor, by whichever route it comes', async () => {
    const id = await create('two days');
    const yesterday = {
      type: 'view',
      campaign_id: id,
      occurred_at: new Date(Date.now() - DAY_MS).toISOString(),
    };
    for (let browser = 0; browser < 2; browser += 1) {
      const first = await anyone('POST', '/api/events', yesterday);
      const cookie = cookieOf(first.headers);
      await anyone('GET', `/api/campaigns/${id}`, undefined, { cookie });
      await anyone('POST', `/api/campaigns/${id}`, undefined, { cookie });
    }
    const unknown = { 'sec-gpc': '1' };
    await anyone('POST', '/api/events', yesterday, unknown);
    await anyone('GET', `/api/campaigns/${id}`, undefined, unknown);
    const from = `${new Date(Date.now() - 2 * DAY_MS).toISOString().slice(0, 17)}00Z`;
    const read = async () => (await admin('GET', `/api/campaigns/${id}/stats?from=${from}`)).body;
    await until(async () => (await read()).totals.views === 6 && (await read()).totals.clicks === 2);
    const { totals, notes } = await read();
    // Two browsers, and one that is new each day.
    assert.deepEqual([totals.unique_viewers, totals.unique_clickers], [4, 2]);
    assert.match(notes.join(), /first-party cookie is one over days.*new one each day/);
  });

  test('a made-up id is replaced, and a second event of a visitor within two seconds is a repeat', async () => {
    const id = await create('made up');
    const path = `/api/campaigns/${id}`;
    const victim = cookieOf((await anyone('GET', path)).headers);
    const forged = `visitor=${'A'.repeat(20)}${victim.slice(-28)}`;
    const answer = await anyone('GET', path, undefined, { cookie: forged });
    assert.notEqual(cookieOf(answer.headers), '');
    await anyone('GET', path, undefined, { cookie: victim });
    const { body } = await admin('GET', `${path}/events`);
    assert.equal(new Set(body.map((row: Row) => row.actor)).size, 2);
    assert.deepEqual(
      body.map((row: { rule: string | null }) => row.rule),
      ['repeat', null, null],
    );
  });

  test('who wants no cookie, comes from another site, or is a member has none, and is the visitor of the day', async () => {
    const id = await create('without');
    const cookie = cookieOf((await anyone('GET', `/api/campaigns/${id}`)).headers);
    const cases = [
      { dnt: '1' },
      { 'sec-gpc': '1' },
      { 'sec-fetch-site': 'cross-site' },
      { origin: 'https://elsewhere.example' },
    ];
    for (const headers of cases) {
      const answer = await anyone('POST', `/api/campaigns/${id}`, undefined, { ...headers, cookie });
      assert.deepEqual([answer.status, answer.headers.getSetCookie()], [200, []], JSON.stringify(headers));
    }
    const listed = { origin: 'https://www.shop.example', 'sec-fetch-site': 'same-site' };
    assert.notEqual(cookieOf((await anyone('POST', `/api/campaigns/${id}`, undefined, listed)).headers), '');
    const member = await owner('POST', `/api/campaigns/${id}`, undefined, { cookie });
    assert.deepEqual(member.headers.getSetCookie(), []);
    // The newcomer, the day's hash four times, the newcomer of the listed page, the member.
    assert.equal(new Set((await listRows(id)).map((row) => row.actor)).size, 4);
  });

  test('a refused event gives nobody a cookie; one that an admin sends for another is that one’s', async () => {
    const id = await create('others');
    for (const [method, path, body] of routesOf(999_999)) {
      assert.deepEqual((await anyone(method, path, body)).headers.getSetCookie(), [], path);
    }
    const named = '11111111-2222-4333-8444-555555555555';
    const cookie = cookieOf((await anyone('GET', `/api/campaigns/${id}`)).headers);
    const event = { type: 'click', campaign_id: id, actor_id: named, ip: '198.51.100.3' };
    const answer = await admin('POST', '/api/events', event, { cookie });
    assert.deepEqual([answer.status, answer.headers.getSetCookie()], [202, []]);
    assert.equal((await listRows(id))[0]?.actor, named);
  });

  test('an admin sees whole addresses while the key of the day is there, then networks; the owner never', async () => {
    const id = await create('addresses');
    for (const address of ADDRESSES) {
      await anyone('POST', '/api/events', { type: 'view', campaign_id: id }, { 'x-forwarded-for': address });
    }
    const path = `/api/campaigns/${id}/events`;
    const read = async () => {
      const rows = [...(await listRows(id))].reverse();
      const lines = (await admin('GET', `${path}?format=ndjson`)).body.trim().split('\n').reverse();
      const cells = (await admin('GET', `${path}?format=csv`)).body.trim().split('\r\n').slice(1).reverse();
      const ndjson: Row[] = lines.map((line: string) => JSON.parse(line));
      assert.deepEqual(rows, ndjson);
      assert.deepEqual(
        cells.map((line: string) => line.split(',').slice(-3)),
        rows.map((row) => [row.actor, row.network, row.address]),
      );
      return rows.map((row) => [row.network, row.address]);
    };
    assert.deepEqual(
      await read(),
      NETWORKS.map((network, at) => [network, ADDRESSES[at]]),
    );
    for (const format of ['json', 'ndjson', 'csv']) {
      const { status, body } = await owner('GET', `${path}?format=${format}`);
      assert.equal(status, 200);
      assert.doesNotMatch(JSON.stringify(body), /actor|network|address|203\.0\.113|2001:db8/, format);
    }
    await database.db.query(`delete from day_secrets where purpose = 'address_key'`);
    assert.deepEqual(
      await read(),
      NETWORKS.map((network) => [network, network]),
    );
    const written = weir.output() + secure.output();
    assert.ok(!ADDRESSES.some((address) => written.includes(address)), written);
  });
});

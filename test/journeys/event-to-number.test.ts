import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newEventId } from '../../src/events/event-id.ts';
import { until } from '../support/until.ts';
import { type Client, createClient, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

describe('one event followed to the number on the page', () => {
  let weir: RunningWeir;
  let admin: Client;
  let anyone: Client;
  let campaign: number;
  const body = {
    title: 'River',
    content: 'Sale',
    start_date: '2020-01-01T00:00:00Z',
    end_date: '2099-01-01T00:00:00+09:00',
    landing_url: 'https://shop.example/sale',
  };

  before(async () => {
    weir = await startWeir({ env: { RATE_LIMITS: 'off' } });
    admin = await signIn(weir.url, weir.admin);
    anyone = createClient(weir.url, {});
    campaign = (await admin('POST', '/api/campaigns', body)).body.id;
  });
  after(() => weir.close());

  async function totals(id: number): Promise<Record<string, number>> {
    return (await admin('GET', `/api/campaigns/${id}/stats`)).body.totals;
  }
  async function create(title: string, parts: object = {}): Promise<number> {
    const answer = await admin('POST', '/api/campaigns', { ...body, title, ...parts });
    assert.equal(answer.status, 201, JSON.stringify(answer.body));
    return answer.body.id;
  }

  test('a view, a true view, a click, a pixel and a redirect each count once, under their own names', async () => {
    const id = await create('five ways');
    const view = await anyone('GET', `/api/campaigns/${id}`);
    assert.equal(view.status, 200);
    assert.equal(view.headers.get('cache-control'), 'no-store');
    assert.equal(view.headers.get('etag'), null);
    assert.deepEqual([view.body.views, view.body.clicks], [0, 0]);
    await anyone('GET', `/api/campaigns/${id}?is_true_view=true`);
    assert.deepEqual((await anyone('POST', `/api/campaigns/${id}`)).body, { detail: 'Clicked' });
    const other = { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Firefox/139.0' };
    const pixel = await anyone('GET', `/t/v.gif?c=${id}`, undefined, other);
    assert.equal(pixel.headers.get('content-length'), '43');
    const redirect = await anyone('GET', `/t/c/${id}?to=https://evil.example/`, undefined, other);
    assert.deepEqual([redirect.status, redirect.headers.get('location')], [302, 'https://shop.example/sale']);
    await until(async () => (await totals(id)).clicks === 2);
    assert.deepEqual(await totals(id), {
      views: 2,
      true_views: 1,
      clicks: 2,
      ctr: 1,
      unique_viewers: 2,
      unique_clickers: 2,
    });
    await until(async () => {
      const listed = (await admin('GET', '/api/campaigns')).body.find((one: { id: number }) => one.id === id);
      return listed.views === 2 && listed.clicks === 2;
    });
  });

  test('the same event sent again is accepted again and counts once; another type under its id is refused', async () => {
    const id = await create('again');
    const event = { event_id: newEventId(), type: 'click', campaign_id: id };
    for (let time = 0; time < 3; time += 1) {
      const answer = await anyone('POST', '/api/events', event);
      assert.deepEqual([answer.status, answer.body], [202, { event_id: event.event_id, status: 'accepted' }]);
    }
    const reused = await anyone('POST', '/api/events', { ...event, type: 'view' });
    assert.deepEqual([reused.status, reused.body.code], [422, 'event_id_reused']);
    const key = newEventId();
    for (let time = 0; time < 2; time += 1)
      await anyone('POST', `/api/campaigns/${id}`, undefined, { 'idempotency-key': key });
    await until(async () => {
      const all = (await admin('GET', `/api/campaigns/${id}/stats?traffic=all`)).body.totals;
      return all.clicks === 2;
    });
    assert.equal((await admin('GET', `/api/campaigns/${id}/events`)).body.length, 2);
  });

  test('HEAD, unknown campaigns, hidden, ended and deleted ones record nothing', async () => {
    const hidden = await create('hidden', { is_visible: false });
    const ended = await create('ended', { end_date: '2020-02-01T00:00:00Z' });
    const gone = await create('gone');
    assert.equal((await admin('DELETE', `/api/campaigns/${gone}`)).status, 204);
    for (const id of [hidden, ended, gone, 999_999]) {
      assert.equal((await anyone('GET', `/api/campaigns/${id}`)).status, 404);
      assert.equal((await anyone('POST', `/api/campaigns/${id}`)).status, 404);
      assert.equal((await anyone('GET', `/t/v.gif?c=${id}`)).status, 404);
      assert.equal((await anyone('GET', `/t/c/${id}`)).status, 404);
      assert.equal((await anyone('POST', '/api/events', { type: 'view', campaign_id: id })).status, 404);
    }
    assert.equal((await anyone('HEAD', `/api/campaigns/${campaign}`)).status, 405);
    assert.equal((await admin('GET', `/api/campaigns/${hidden}/events`)).body.length, 0);
    assert.equal((await admin('GET', `/api/campaigns/${campaign}/events`)).body.length, 0);
  });

  test('an edit is right for everybody within a second', async () => {
    const id = await create('edited');
    await anyone('GET', `/api/campaigns/${id}`);
    await admin('PATCH', `/api/campaigns/${id}`, { title: 'edited twice' });
    await until(
      async () => (await anyone('GET', `/api/campaigns/${id}`)).body.title === 'edited twice',
      1_000,
    );
  });

  test('a batch reports each item in the order sent; NDJSON too', async () => {
    const id = await create('batch');
    const items = [
      { type: 'view', campaign_id: id },
      { type: 'stare', campaign_id: id },
      { type: 'view', campaign_id: 999_999 },
      { type: 'view', campaign_id: id, ip: '203.0.113.9' },
      'no object',
    ];
    const answer = await anyone('POST', '/api/events', items);
    assert.equal(answer.status, 202);
    assert.deepEqual([answer.body.accepted, answer.body.refused], [1, 4]);
    assert.deepEqual(
      answer.body.results.map((one: { errors?: { path: string }[] }) => one.errors?.[0]?.path),
      [undefined, 'type', 'campaign_id', 'ip', ''],
    );
    const lines = `${JSON.stringify(items[0])}\n{broken\n`;
    const ndjson = await anyone('POST', '/api/events', lines, { 'content-type': 'application/x-ndjson' });
    assert.deepEqual([ndjson.status, ndjson.body.accepted, ndjson.body.refused], [202, 1, 1]);
    const beacon = await anyone('POST', '/api/events', JSON.stringify([items[0]]), {
      'content-type': 'text/plain;charset=UTF-8',
    });
    assert.equal(beacon.body.accepted, 1);
  });

  test('bad input is refused by the name of its field', async () => {
    const event = { type: 'view', campaign_id: campaign };
    const cases: [unknown, number, string?][] = [
      [{ ...event, event_id: 'x' }, 422, 'event_id'],
      [{ ...event, event_id: '7f000000-0000-7000-8000-000000000000' }, 422, 'event_id'],
      [{ ...event, event_id: '01000000-0000-7000-8000-000000000000' }, 422, 'event_id'],
      [{ ...event, occurred_at: '+275760-09-13T00:00:00Z' }, 422, 'occurred_at'],
      [{ ...event, occurred_at: '2026-02-30T00:00:00Z' }, 422, 'occurred_at'],
      [{ ...event, occurred_at: '2026-02-03T00:00:00' }, 422, 'occurred_at'],
      [{ ...event, page: 'a\u0000b' }, 422, 'page'],
      ['{"type":"view","campaign_id":1,"page":"\\ud800"}', 422, 'page'],
      [{ ...event, campaign_id: 1e300 }, 422, 'campaign_id'],
      [{ ...event, campaign_id: '1' }, 422, 'campaign_id'],
      [{ ...event, actor_id: 'me' }, 422, 'actor_id'],
      [[], 422, ''],
      ['{', 400],
      [Array.from({ length: 501 }, () => event), 413],
      [JSON.stringify({ ...event, page: 'x'.repeat(600_000) }), 413],
    ];
    for (const [sent, status, path] of cases) {
      const answer = await anyone('POST', '/api/events', sent);
      assert.equal(
        answer.status,
        status,
        `${JSON.stringify(sent).slice(0, 80)} → ${JSON.stringify(answer.body)}`,
      );
      if (path !== undefined) assert.equal(answer.body.errors[0].path, path);
      assert.match(answer.headers.get('content-type') ?? '', /problem\+json/);
    }
    const typeless = await fetch(`${weir.url}/api/events`, {
      method: 'POST',
      body: new Uint8Array([123, 125]),
    });
    assert.equal(typeless.status, 415);
    assert.equal((await anyone('POST', '/api/events', '<x/>', { 'content-type': 'text/xml' })).status, 415);
  });

  test('late events land in their own hour; older and early ones are flagged and counted now', async () => {
    const id = await create('late');
    const at = (ms: number) => new Date(Date.now() + ms).toISOString();
    const DAY = 86_400_000;
    await admin(
      'POST',
      '/api/events',
      [-6 * DAY, -8 * DAY, 60_000, DAY].map((ms, index) => ({
        type: 'view',
        campaign_id: id,
        occurred_at: at(ms),
        actor_id: `a${index}`,
        user_agent: 'Mozilla/5.0 Firefox/140.0',
      })),
    );
    const from = `${new Date(Date.now() - 7 * DAY).toISOString().slice(0, 17)}00Z`;
    await until(
      async () =>
        (await admin('GET', `/api/campaigns/${id}/stats?from=${from}&interval=day`)).body.totals.views === 4,
    );
    const rows = (await admin('GET', `/api/campaigns/${id}/events`)).body;
    assert.deepEqual(rows.map((row: { flags: string[] }) => row.flags.join()).sort(), [
      '',
      '',
      'in_future',
      'too_old',
    ]);
  });

  test('bots, prefetches and repeats are kept and counted apart', async () => {
    const id = await create('verdicts');
    await anyone('GET', `/api/campaigns/${id}`);
    await anyone('GET', `/api/campaigns/${id}`);
    await anyone('GET', `/api/campaigns/${id}`, undefined, {
      'user-agent': 'Googlebot/2.1 (+http://www.google.com/bot.html)',
    });
    await anyone('GET', `/api/campaigns/${id}`, undefined, { 'sec-purpose': 'prefetch' });
    const read = async (traffic: string) =>
      (await admin('GET', `/api/campaigns/${id}/stats?traffic=${traffic}`)).body.totals.views;
    await until(async () => (await read('all')) === 4);
    assert.deepEqual([await read('valid'), await read('invalid')], [1, 3]);
    const rows = (await admin('GET', `/api/campaigns/${id}/events`)).body;
    assert.deepEqual(rows.map((row: { rule: string | null }) => row.rule ?? 'valid').sort(), [
      'bot',
      'prefetch',
      'repeat',
      'valid',
    ]);
  });

  test('numbers belong to their owner and to staff; history is staff only and read-only', async () => {
    const member = { username: 'river@example.com', password: 'seven-loud-otters' };
    assert.equal((await anyone('POST', '/api/users/create', member)).status, 201);
    const stranger = await signIn(weir.url, member);
    for (const path of ['stats', 'live', 'events']) {
      assert.equal((await anyone('GET', `/api/campaigns/${campaign}/${path}`)).status, 401);
      assert.equal((await stranger('GET', `/api/campaigns/${campaign}/${path}`)).status, 403);
    }
    assert.equal((await stranger('POST', '/api/campaigns', body)).status, 403);
    assert.equal((await stranger('PATCH', `/api/campaigns/${campaign}`, { title: 'mine' })).status, 403);
    assert.equal((await stranger('GET', '/api/campaigns/history')).status, 403);
    const clicked = await create('history');
    await stranger('POST', `/api/campaigns/${clicked}`);
    await until(async () =>
      (await admin('GET', '/api/campaigns/history')).body.some(
        (row: { campaign_id: number; count: number }) => row.campaign_id === clicked && row.count === 1,
      ),
    );
  });

  test('a campaign without its dates in order, or the same again, is refused', async () => {
    assert.equal((await admin('POST', '/api/campaigns', body)).status, 400);
    assert.equal(
      (await admin('POST', '/api/campaigns', { ...body, title: 'x', end_date: body.start_date })).status,
      422,
    );
    assert.equal(
      (await admin('POST', '/api/campaigns', { ...body, title: 'x', landing_url: 'http://plain.example' }))
        .status,
      422,
    );
    assert.equal(
      (await admin('POST', '/api/campaigns', { ...body, title: 'x', views: 3 })).body.errors[0].path,
      'views',
    );
  });
});

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { BROWSER, type Client, createClient, signIn, startWeir } from '../support/weir.ts';
import { missingBrowser, openBrowser } from './browser.ts';

const HOUR_MS = 3_600_000;
const ADVERTISER = { username: 'ad@example.com', password: 'seven-calm-otters' };

let weir: Awaited<ReturnType<typeof startWeir>>;
let browser: Browser;
let admin: Client;
let page: Page;
const ids: Record<string, number> = {};

const fromNow = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString();

const create = async (who: Client, title: string, startHours = -100, endHours = 100) => {
  const body = {
    title,
    content: `About ${title}`,
    start_date: fromNow(startHours),
    end_date: fromNow(endHours),
    landing_url: 'https://shop.example/',
  };
  const answer = await who('POST', '/api/campaigns', body);
  assert.equal(answer.status, 201);
  ids[title] = answer.body.id;
};

/** So many events of a kind, each of its own actor, a minute apart. */
const send = async (title: string, type: string, count: number, more: object = {}, agoHours = 1) => {
  const events = Array.from({ length: count }, (_, n) => ({
    type,
    campaign_id: ids[title],
    occurred_at: fromNow(-agoHours - n / 60),
    actor_id: `${type} ${n}`,
    ip: '203.0.113.7',
    user_agent: BROWSER,
    ...more,
  }));
  const { body } = await admin('POST', '/api/events', events);
  assert.equal(body.accepted, count);
};

/** A page of somebody who is signed in. */
const openAs = async (who: { username: string; password: string }): Promise<Page> => {
  const context: BrowserContext = await browser.newContext({ locale: 'en-US', acceptDownloads: true });
  const answer = await context.request.post(`${weir.url}/api/users/login`, { data: who });
  assert.ok(answer.ok());
  const opened = await context.newPage();
  return opened;
};
const open = (path: string, at = page) => at.goto(weir.url + path);
const rows = (at = page) => at.locator('tbody tr');
const hasRows = (count: number, at = page) => until(async () => (await rows(at).count()) === count);
const inAddress = (part: string, at = page) => at.waitForURL((url) => url.search.includes(part));
const eventIds = () => rows().locator('td.code:nth-of-type(6)').allInnerTexts();
const titles = (at = page) => rows(at).locator('th a').allInnerTexts();

before(async () => {
  if (missingBrowser) return;
  [weir, browser] = await Promise.all([startWeir(), openBrowser()]);
  admin = await signIn(weir.url, weir.admin);
  const { body } = await createClient(weir.url, {})('POST', '/api/users/create', ADVERTISER);
  await admin('PATCH', `/api/users/${body.id}`, { roles: ['advertiser'] });
  await create(admin, 'River');
  await create(admin, 'Lake');
  await create(admin, 'Gone by', -60, -20);
  await create(await signIn(weir.url, ADVERTISER), 'Brook');
  await send('River', 'view', 55);
  await send('River', 'click', 5);
  await send('Lake', 'view', 10);
  await send('Lake', 'click', 8);
  await send('Lake', 'view', 3, { user_agent: 'Googlebot/2.1' });
  await send('Gone by', 'view', 4, {}, 30);
  await send('Brook', 'view', 2);
  // A page that is opened before shows some of them, and looks again much later.
  await until(async () => (await admin('GET', '/api/status')).body.pipeline.lag_events === 0);
  page = await openAs(weir.admin);
});

after(async () => {
  await browser?.close();
  await weir?.close();
});

const options = missingBrowser ? { skip: missingBrowser } : {};

test('campaigns are compared in the order of any column, which a link keeps', options, async () => {
  await open('/compare');
  await rows().filter({ hasText: 'River' }).filter({ hasText: '55' }).waitFor();
  assert.deepEqual(await titles(), ['River', 'Lake', 'Brook', 'Gone by']);
  await page.getByRole('button', { name: 'CTR' }).click();
  await page.locator('th[aria-sort=descending]', { hasText: 'CTR' }).waitFor();
  assert.equal((await titles())[0], 'Lake');
  await page.getByRole('button', { name: 'CTR' }).click();
  await inAddress('order=asc');
  await page.reload();
  await page.locator('th[aria-sort=ascending]', { hasText: 'CTR' }).waitFor();
  assert.deepEqual(await titles(), ['Brook', 'River', 'Lake', 'Gone by']); // without a view there is no rate
  await page.getByText('Whole life').click();
  await rows().filter({ hasText: 'Gone by' }).filter({ hasText: '4' }).waitFor();
  const lake = await rows().filter({ hasText: 'Lake' }).locator('td').allInnerTexts();
  assert.deepEqual(lake, ['10', '0', '8', '80%', '10', '8', '14.29%']);
});

test('an advertiser compares the own campaigns and sees events without who sent them', options, async () => {
  const own = await openAs(ADVERTISER);
  await open('/compare', own);
  await own.getByRole('link', { name: 'Brook' }).click();
  await own.getByRole('link', { name: 'Raw events' }).click();
  await hasRows(2, own);
  assert.equal(await own.getByRole('columnheader', { name: 'Verdict' }).count(), 1);
  assert.equal(await own.getByRole('columnheader', { name: 'Address' }).count(), 0);
  assert.equal(await own.getByText('203.0.113').count(), 0);
  await open(`/campaigns/${ids.River}/events`, own);
  await own.getByRole('alert').getByText('Only the owner or admin').waitFor();
  await own.context().close();
});

test('raw events are paged without a gap, and back again', options, async () => {
  await open(`/campaigns/${ids.River}/events`);
  await hasRows(50);
  const first = await eventIds();
  await page.getByRole('button', { name: 'Older events' }).click();
  await hasRows(10);
  assert.equal(new Set([...first, ...(await eventIds())]).size, 60);
  assert.equal(await page.getByRole('button', { name: 'Older events' }).count(), 0);
  assert.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Raw events');
  await page.goBack();
  await hasRows(50);
  assert.deepEqual(await eventIds(), first);
});

test('filters of raw events lie in the address and hold for exports', options, async () => {
  await page.getByText('Click', { exact: true }).first().click();
  await hasRows(5);
  await inAddress('type=click');
  await page.reload();
  await hasRows(5);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export as CSV' }).click(),
  ]);
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\r\n');
  assert.equal(lines.length, 1 + 5);
  const [one] = await eventIds();
  await page.getByLabel('Event id').fill(one ?? '');
  await hasRows(1);
  await page.getByLabel('From').fill('2020-01-01T00:00');
  await page.getByLabel('To').fill('2020-01-02T00:00');
  await page.getByRole('button', { name: 'Clear the filters' }).click();
  await hasRows(50);
  await open(`/campaigns/${ids.Lake}/events?traffic=invalid`);
  await hasRows(3);
  assert.match((await rows().first().innerText()) ?? '', /Invalid · bot v1/);
});

test('an ended campaign opens with its whole life', options, async () => {
  await open(`/campaigns/${ids['Gone by']}`);
  await page.locator('[data-figure=views] dd').filter({ hasText: /^4/ }).waitFor();
  assert.ok(await page.getByRole('radio', { name: 'Whole life' }).isChecked());
});

test('an hour that the clock shows twice names its offset', options, async () => {
  await open(
    `/campaigns/${ids.River}?range=custom&interval=hour&tz=America/New_York&from=2025-11-02T00:00&to=2025-11-02T03:00`,
  );
  await page.getByText('The same as a table').click();
  await hasRows(4);
  assert.deepEqual(await rows().locator('th').allInnerTexts(), [
    'Nov 2, 2025, 02:00',
    'Nov 2, 2025, 01:00 UTC−05:00',
    'Nov 2, 2025, 01:00 UTC−04:00',
    'Nov 2, 2025, 00:00',
  ]);
});

const find = async (title: string) => {
  const { body } = await admin('GET', '/api/campaigns');
  return body.find((campaign: { id: number }) => campaign.id === ids[title]);
};

test('what an edit is refused for stands at its field; the rest stays to the second', options, async () => {
  const before = await find('River');
  await open(`/campaigns/${ids.River}/edit`);
  await page.getByLabel('Landing page').fill('https://me@shop.example/');
  await page.getByRole('button', { name: 'Save changes' }).click();
  const refused = page.locator('[name=landing_url][aria-invalid=true]:focus');
  await refused.waitFor();
  const described = (await refused.getAttribute('aria-describedby')) ?? '';
  const error = page.locator(`#${described.split(/\s+/)[0]}`);
  assert.equal(await error.innerText(), 'Only an https address without a user name is possible.');
  await page.getByLabel('Landing page').fill('');
  await page.getByLabel('Visible').uncheck();
  await page.getByRole('button', { name: 'Save changes' }).click();
  await page.getByRole('status').getByText('Saved “River”.').waitFor();
  await page.getByText('Hidden', { exact: true }).waitFor();
  const after = await find('River');
  const { updated_at } = after;
  assert.deepEqual(after, { ...before, updated_at, landing_url: null, is_visible: false });
});

test('a campaign is deleted after one question', options, async () => {
  await open(`/campaigns/${ids.Lake}/edit`);
  const ask = page.getByRole('button', { name: 'Delete campaign' });
  await ask.click();
  await page.getByRole('dialog', { name: 'Delete “Lake”?' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  assert.equal((await find('Lake')).is_deleted, false);
  await ask.click();
  await page.getByRole('button', { name: 'Yes, delete it' }).click();
  await page.getByRole('status').getByText('“Lake” was deleted.').waitFor();
  assert.equal((await find('Lake')).is_deleted, true);
});

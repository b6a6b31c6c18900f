import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startWeir } from '../support/weir.ts';
import { missingBrowser, openBrowser } from './browser.ts';

const DAY_MS = 86_400_000;
// a person's browser: the default agents of node and of a headless chromium are counted as bots
const AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';

let weir: Awaited<ReturnType<typeof startWeir>>;
let browser: Browser;
let page: Page;
let campaignId: number;

const post = async (path: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> => {
  const response = await fetch(`${weir.url}/api${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': AGENT, ...headers },
    body: JSON.stringify(body),
  });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return response.json();
};

const figure = (name: string, value: RegExp) =>
  page.locator(`[data-figure=${name}] dd`).filter({ hasText: value }).waitFor();

before(async () => {
  if (missingBrowser) return;
  weir = await startWeir();
  const { access } = (await post('/users/login', weir.admin)) as { access: string };
  const campaign = await post(
    '/campaigns',
    {
      title: 'River banner',
      content: 'A banner about a river',
      start_date: new Date(Date.now() - DAY_MS).toISOString(),
      end_date: new Date(Date.now() + DAY_MS).toISOString(),
      landing_url: 'https://shop.example/river',
    },
    { authorization: `Bearer ${access}` },
  );
  campaignId = (campaign as { id: number }).id;
  browser = await openBrowser();
  page = await browser.newPage({ locale: 'en-US' });
});

after(async () => {
  await browser?.close();
  await weir?.close();
});

const options = missingBrowser ? { skip: missingBrowser } : {};

test('a wrong password is refused in the server’s own words', options, async () => {
  await page.goto(weir.url);
  await page.getByLabel('Username').fill(weir.admin.username);
  await page.locator('[name=password]').fill('not the password');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
});

test('signing in leads to the list of campaigns', options, async () => {
  await page.locator('[name=password]').fill(weir.admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('link', { name: 'River banner' }).waitFor();
});

test(
  'an open campaign moves when events arrive, without a reload, and opening it records nothing',
  options,
  async () => {
    await page.getByRole('link', { name: 'River banner' }).click();
    await page.locator('.u-over').waitFor();
    await figure('views', /^0/);
    await post('/events', { type: 'view', campaign_id: campaignId });
    await figure('views', /^1/);
    await post('/events', { type: 'click', campaign_id: campaignId });
    await figure('clicks', /^1/);
    await figure('ctr', /^100/);
  },
);

test('the page keeps to its Content-Security-Policy and speaks Korean when asked', options, async () => {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.reload();
  await page.locator('.u-over').waitFor();
  await page.getByRole('button', { name: '한국어로 보기' }).click();
  await page.getByText('캠페인 목록').waitFor();
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko');
  assert.deepEqual(complaints, []);
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { until } from '../support/until.ts';
import { missingBrowser, openBrowser } from './browser.ts';

interface Sent {
  event_id: string;
  type: string;
  campaign_id: number;
  occurred_at: string;
  page: string;
}
interface Arrival {
  url: string;
  status: number;
  contentType: string | undefined;
  events: Sent[];
}

const root = new URL('../../', import.meta.url);
let snippet: Buffer;
let server: Server;
let origin: string;
let browser: Browser;
let context: BrowserContext;
let html = '';
let refuse = 0; // so many requests are answered 503
let arrivals: Arrival[] = [];
let pageNumber = 0; // each test has its own page: a late beacon of the one before is not its arrival

const tag = (more = '') => `<script async src="/renamed.js" data-auto ${more}></script>`;
const banner = (style = '', campaign = 12) =>
  `<a data-weir-campaign="${campaign}" href="#" style="display:block;width:300px;height:250px;${style}">ad</a>`;
const arrived = (type: string) =>
  arrivals
    .filter((it) => it.status === 202)
    .flatMap((it) => it.events.filter((event) => event.type === type));
const open = async (body: string, from = origin): Promise<Page> => {
  html = `<!doctype html><title>page</title>${body}`;
  const page = await context.newPage();
  await page.goto(`${from}/page-${pageNumber}?secret=1`);
  return page;
};

before(async () => {
  if (missingBrowser) return;
  execFileSync(process.execPath, ['scripts/build-tracker.mjs'], { cwd: root });
  snippet = await readFile(new URL('tracker/dist/t.js', root));
  server = createServer((request, response) => {
    if (request.url === '/renamed.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(snippet);
    } else if (request.url?.startsWith('/api/events')) {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const status = refuse > 0 ? 503 : 202;
        refuse -= 1;
        const events: Sent[] = JSON.parse(body);
        const ofThisTest = events.some((event) => event.page.endsWith(`/page-${pageNumber}`));
        const { url = '', headers } = request;
        if (ofThisTest) arrivals.push({ url, status, contentType: headers['content-type'], events });
        response.writeHead(status, { 'access-control-allow-origin': '*' }).end('{}');
      });
    } else response.writeHead(200, { 'content-type': 'text/html' }).end(html);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await openBrowser();
});

after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

beforeEach(async (t) => {
  if (missingBrowser) return;
  arrivals = [];
  pageNumber += 1;
  refuse = 0;
  context = await browser.newContext({ viewport: { width: 800, height: 600 } });
  if ('after' in t) t.after(() => context.close());
});

const options = missingBrowser ? { skip: missingBrowser } : {};

test('the snippet is smaller than 2 KB gzip', options, () => {
  assert.ok(gzipSync(snippet).length < 2048);
});

test('an element in the viewport is a view at once and a true view after a second', options, async () => {
  await open(tag() + banner());
  await until(() => arrived('view').length === 1);
  assert.equal(arrived('true_view').length, 0);
  await until(() => arrived('true_view').length === 1);
  const [view] = arrived('view');
  const [trueView] = arrived('true_view');
  assert.ok(view && trueView);
  assert.match(view.event_id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(view.event_id, trueView.event_id);
  assert.ok(Date.parse(trueView.occurred_at) - Date.parse(view.occurred_at) >= 1000);
  assert.equal(view.campaign_id, 12);
  assert.equal(view.page, `${origin}/page-${pageNumber}`);
  assert.match(arrivals[0]?.contentType ?? '', /^text\/plain/);
});

test(
  'less than half of the pixels is no true view until the element is scrolled into sight',
  options,
  async () => {
    const page = await open(
      `${tag()}<div style="height:500px"></div>${banner()}<div style="height:900px"></div>`,
    );
    await until(() => arrived('view').length === 1);
    await page.waitForTimeout(1500); // nothing must happen, so there is no condition to wait for
    assert.equal(arrived('true_view').length, 0);
    await page.evaluate('scrollTo(0, 300)');
    await until(() => arrived('true_view').length === 1);
  },
);

test('an element that leaves the viewport within the second is no true view', options, async () => {
  const page = await open(`${tag()}${banner()}<div style="height:3000px"></div>`);
  await until(() => arrived('view').length === 1);
  await page.evaluate('scrollTo(0, 2000)');
  await page.waitForTimeout(1500);
  assert.equal(arrived('true_view').length, 0);
});

test('elements added later are observed, each once', options, async () => {
  const page = await open(tag());
  await page.waitForFunction('window.weir');
  await page.evaluate(`document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(banner('', 7))})`);
  await page.evaluate("document.body.append('more')");
  await until(() => arrived('true_view').length === 1);
  assert.deepEqual(
    arrived('view').map((event) => event.campaign_id),
    [7],
  );
});

test('after a 503 the same ids are sent again', options, async () => {
  refuse = 2;
  await open(tag() + banner());
  await until(() => arrived('view').length === 1);
  const [first, second, third] = arrivals;
  assert.equal(first?.status, 503);
  assert.equal(second?.status, 503);
  assert.equal(second?.events[0]?.event_id, first?.events[0]?.event_id);
  assert.equal(third?.events[0]?.event_id, first?.events[0]?.event_id);
});

test('a page of another origin says that its events bring no cookies', options, async () => {
  await open(tag() + banner());
  await until(() => arrived('view').length === 1);
  const script = tag().replace('src="', `src="${origin}`);
  await open(script + banner(), origin.replace('127.0.0.1', 'localhost'));
  await until(() => arrived('view').length === 2);
  assert.deepEqual(
    arrivals.filter((it) => it.events.some((event) => event.type === 'view')).map((it) => it.url),
    ['/api/events', '/api/events?cookies=omit'],
  );
});

test('a click is sent though the link leaves the page at once', options, async () => {
  const page = await open(tag() + banner().replace('href="#"', 'href="/elsewhere"'));
  await page.waitForFunction('window.weir');
  await page.click('a');
  await page.waitForURL('**/elsewhere');
  await until(() => arrived('click').length >= 1);
  assert.equal(new Set(arrived('click').map((event) => event.event_id)).size, 1);
});

test('the counting redirect is not counted a second time', options, async () => {
  const page = await open(tag() + banner().replace('href="#"', 'href="/t/c/12"'));
  await until(() => arrived('view').length === 1);
  await page.click('a');
  await page.waitForURL('**/t/c/12');
  await page.goto(`${origin}/page-${pageNumber}`);
  await until(() => arrived('view').length >= 2);
  assert.equal(arrived('click').length, 0);
});

test('what a closed page could not deliver is sent by the next one under the same id', options, async () => {
  refuse = 1000;
  const page = await open(tag() + banner());
  await until(() => arrivals.length >= 1);
  const id = arrivals[0]?.events[0]?.event_id;
  await page.close({ runBeforeUnload: true });
  refuse = 0;
  await open(tag());
  await until(() => arrived('view').some((event) => event.event_id === id));
});

for (const [what, init] of [
  ['do not track', "Object.defineProperty(navigator, 'doNotTrack', { value: '1' })"],
  ['global privacy control', "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })"],
]) {
  test(`nothing is sent or kept with ${what}`, options, async () => {
    await context.addInitScript(init ?? '');
    const page = await open(tag() + banner());
    await page.waitForFunction('window.weir');
    await page.click('a');
    await page.waitForTimeout(1500);
    assert.deepEqual(arrivals, []);
    assert.equal(await page.evaluate('localStorage.length'), 0);
  });
}

test('where consent is required nothing is sent before it is given', options, async () => {
  const page = await open(tag('data-consent="required"') + banner());
  await page.waitForFunction('window.weir');
  await page.waitForTimeout(500);
  assert.deepEqual(arrivals, []);
  await page.evaluate("window.weirConsent = true; dispatchEvent(new Event('weirconsent'))");
  await until(() => arrived('true_view').length === 1);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import sharp from 'sharp';
import { until } from '../support/until.ts';
import { type Client, createClient, signIn, startWeir } from '../support/weir.ts';
import { missingBrowser, openBrowser } from './browser.ts';

const RUN = 'window.__xss=(window.__xss||0)+1';
/** Each would run in a page that took it for HTML, an address or a part of a script. */
const HOSTILE = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `"><svg onload=${RUN}>`,
  `</title><iframe srcdoc="<script>parent.${RUN}</script>">`,
  `<mark><img src=x onerror=${RUN}></mark>`,
  `&lt;img src=x onerror=${RUN}&gt;`,
  `{{constructor.constructor('${RUN}')()}}`,
];
const HOSTILE_MARKDOWN = [
  ...HOSTILE,
  `[press](javascript:${RUN})`,
  `[press](data:text/html;base64,PHNjcmlwdD4=)`,
  `![x](https://evil.example/x.png" onerror="${RUN})`,
  `![x](/api/attachments/x" onerror="${RUN})`,
  `<details open ontoggle=${RUN}>`,
  `\`\`\`"onmouseover="${RUN}\n<script>${RUN}</script>\n\`\`\``,
].join('\n\n');
const MEMBER = { username: 'reader@example.com', password: 'seven-calm-otters', display_name: 'Mina' };
const EVIL = { username: 'evil@example.com', password: 'seven-calm-otters' };

let weir: Awaited<ReturnType<typeof startWeir>>;
let browser: Browser;
let admin: Client;
let evil: Client;
let writer: Page;
let reader: Page;
let post = '';
const violations: string[] = [];

/** A page of somebody who is signed in; what its policy forbids is kept. */
const openAs = async (who: { username: string; password: string }): Promise<Page> => {
  const context = await browser.newContext({ locale: 'en-US' });
  const { username, password } = who;
  const answer = await context.request.post(`${weir.url}/api/users/login`, { data: { username, password } });
  assert.ok(answer.ok());
  await context.exposeFunction('noteViolation', (text: string) => violations.push(text));
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => noteViolation(event.violatedDirective + ' ' + event.blockedURI + ' ' + location.pathname))`,
  );
  const opened = await context.newPage();
  return opened;
};

before(async () => {
  if (missingBrowser) return;
  [weir, browser] = await Promise.all([startWeir(), openBrowser()]);
  const anybody = createClient(weir.url, {});
  admin = await signIn(weir.url, weir.admin);
  await anybody('POST', '/api/users/create', MEMBER);
  await anybody('POST', '/api/users/create', { ...EVIL, display_name: HOSTILE[1] });
  evil = await signIn(weir.url, EVIL);
  [writer, reader] = await Promise.all([openAs(weir.admin), openAs(MEMBER)]);
});

after(async () => {
  await browser?.close();
  await weir?.close();
});

const options = missingBrowser ? { skip: missingBrowser } : {};

test('a post is written on a new board with an image in its text', options, async () => {
  await writer.goto(`${weir.url}/boards`);
  await writer.getByText('No boards yet').waitFor();
  await writer.getByRole('link', { name: 'New board' }).click();
  await writer.getByLabel('Title').fill('River talk');
  await writer.getByRole('button', { name: 'Create board' }).click();
  await writer.getByRole('link', { name: 'Write a post' }).click();
  await writer.getByLabel('Title').fill('Herons at the weir');
  const area = writer.locator('textarea[name=content]');
  await area.fill('They **stand** still.\n\n');
  const png = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#08a' } })
    .png()
    .toBuffer();
  await writer
    .locator('input[type=file]')
    .setInputFiles({ name: 'heron.png', mimeType: 'image/png', buffer: png });
  await until(async () => /!\[heron\.png\]\(\/api\/attachments\//.test(await area.inputValue()));
  await writer.getByRole('button', { name: 'Publish', exact: true }).click();
  await writer.waitForURL(/\/boards\/\d+\/posts\/\d+$/);
  post = new URL(writer.url()).pathname;
  await writer.locator('.prose strong').getByText('stand').waitFor();
});

test('another member reads it and its image, and the author’s bell rings at a comment', options, async () => {
  await writer.goto(weir.url);
  await writer.getByRole('link', { name: 'Notifications', exact: false }).waitFor();
  await reader.goto(weir.url + post);
  const image = reader.locator('.prose img');
  await image.waitFor();
  await until(() => image.evaluate((one) => (one as unknown as { naturalWidth: number }).naturalWidth > 0));
  await reader.getByLabel('Write a comment').fill('I saw *three* of them.');
  await reader.getByRole('button', { name: 'Comment', exact: true }).click();
  await reader.locator('.comment em').getByText('three').waitFor();
  const bell = writer.locator('.bell b');
  await bell.getByText('2').waitFor(); // that the post was published, and the comment
  await bell.click();
  await writer.getByRole('link', { name: /Mina.*Herons at the weir/ }).click();
  await writer.locator('.comment em').getByText('three').waitFor();
  await bell.getByText('1').waitFor();
});

test('a reply, a reaction and a bookmark stay', options, async () => {
  await writer.goto(weir.url + post);
  await writer.locator('.comment').getByRole('button', { name: 'Reply' }).click();
  await writer.getByLabel('Write a reply').fill('So did I.');
  await writer.locator('.comment form').getByRole('button', { name: 'Reply' }).click();
  await writer.locator('.replies .prose').getByText('So did I.').waitFor();
  await reader.locator('.post .reactions button').first().click();
  await reader.locator('.post .reactions button[aria-pressed=true]').waitFor();
  await reader.getByRole('button', { name: 'Bookmark' }).click();
  await reader.getByRole('button', { name: 'Bookmarked' }).waitFor();
  await reader.reload();
  await reader.locator('.post .reactions button[aria-pressed=true]').waitFor();
  await reader.getByRole('button', { name: 'Bookmarked' }).waitFor();
});

test(
  'who was late with an edit sees the other text, keeps the own one, and may save it',
  options,
  async () => {
    await writer.goto(`${weir.url + post}/edit`);
    await writer.locator('textarea[name=content]').fill('My own words.');
    const theirs = await admin('PUT', `/api${post}`, { content: 'Words of another window.' });
    assert.equal(theirs.status, 200);
    await writer.getByRole('button', { name: 'Save changes' }).click();
    await writer.locator('.theirs').getByText('Words of another window.').waitFor();
    assert.equal(await writer.locator('textarea[name=content]').inputValue(), 'My own words.');
    await writer.getByRole('button', { name: 'Save my text over it' }).click();
    await writer.locator('.prose').getByText('My own words.').waitFor();
    await writer.getByRole('link', { name: 'History' }).click();
    await writer.locator('.diff ins').getByText('My own words.').waitFor();
    await writer.locator('.diff del').getByText('Words of another window.').waitFor();
  },
);

test('search finds it with its words marked, on the board and in all', options, async () => {
  await until(async () => (await admin('GET', '/api/search?q=herons')).body.count === 1);
  await reader.goto(`${weir.url}/search?q=herons`);
  await reader.locator('mark').getByText('Herons').waitFor();
  await reader.goto(`${weir.url + post.replace(/\/posts.*/, '')}?keyword=herons`);
  await reader.locator('mark').getByText('Herons').waitFor();
});

test('jobs are an admin’s page, and somebody else’s only as a refusal', options, async () => {
  await writer.goto(`${weir.url}/jobs`);
  await writer.getByRole('heading', { name: 'Given up' }).waitFor();
  await writer.getByText('A job that fails at its last try stays here').waitFor();
  await reader.goto(`${weir.url}/jobs`);
  await reader.getByRole('alert').getByText('needs the role admin').waitFor();
});

test('nothing that members or staff write runs as a script anywhere', options, async () => {
  const boards: number[] = [];
  for (const title of HOSTILE) {
    const { body } = await admin('POST', '/api/boards', { title: title.slice(0, 100), description: title });
    boards.push(body.id);
  }
  const b = boards[0];
  const posts: number[] = [];
  for (const title of HOSTILE) {
    const { status, body } = await evil('POST', `/api/boards/${b}/posts`, {
      title,
      content: `onerror heron ${HOSTILE_MARKDOWN}`,
    });
    assert.equal(status, 201);
    posts.push(body.id);
  }
  const p = posts[0];
  await evil('PUT', `/api/boards/${b}/posts/${p}`, { content: `changed ${HOSTILE_MARKDOWN}` });
  const root = await evil('POST', `/api/boards/${b}/posts/${p}/comments`, { content: HOSTILE_MARKDOWN });
  await evil('POST', `/api/boards/${b}/posts/${p}/comments`, {
    content: HOSTILE_MARKDOWN,
    parent: root.body.id,
  });
  await evil('POST', `${post.replace('/boards', '/api/boards')}/comments`, { content: HOSTILE_MARKDOWN });
  await admin('POST', `/api/reports/post/${p}`, { reason: 'spam', note: HOSTILE[0] });
  await admin('POST', '/api/moderation/words', { word: HOSTILE[0]?.slice(0, 50), rule: 'hold' });
  await admin('POST', '/api/broadcasts', { title: HOSTILE[1], body: HOSTILE[2], advertising: true });
  await admin('PUT', `/api/bookmarks/${p}`);
  await admin('POST', '/api/devices', { name: HOSTILE[1], token: 'abcdefgh:ijklmnop' });
  await until(async () => (await admin('GET', '/api/search?q=onerror')).body.count >= HOSTILE.length);
  const marks: [string, string][] = [
    ['/boards', '.post-row'],
    [`/boards/${b}`, '.post-row'],
    [`/boards/${b}?keyword=onerror`, 'mark'],
    ['/search?q=onerror', 'mark'],
    [`/boards/${b}/edit`, 'input[name=title]'],
    ...posts.slice(0, 2).map((id): [string, string] => [`/boards/${b}/posts/${id}`, '.prose']),
    [`/boards/${b}/posts/${p}/edit`, 'textarea[name=content]'],
    [`/boards/${b}/posts/${p}/history`, '.diff .source'],
    ['/bookmarks', '.post-row'],
    ['/notifications', '.inbox-row'],
    ['/notifications/preferences', '.device'],
    ['/moderation', '.staff-row'],
    ['/words', '.word'],
    ['/audit', '.audit td'],
    ['/broadcasts', '.staff-row'],
    ['/jobs', 'h2'],
  ];
  for (const [path, shown] of marks) {
    await writer.goto(weir.url + path);
    await writer.locator(shown).first().waitFor();
    if (path === `/boards/${b}/posts/${p}`) {
      await writer.getByRole('button', { name: /Show replies/ }).click();
      await writer.locator('.replies .prose').waitFor();
    }
    await writer.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))');
    assert.equal(await writer.evaluate('window.__xss'), undefined, path);
    const foreign =
      'main :is(script, iframe, svg[onload], details[ontoggle], [onerror], [href^="javascript:"])';
    assert.equal(await writer.locator(foreign).count(), 0, path);
  }
  assert.deepEqual(violations, []);
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { type Client, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

let database: TestDatabase;
let weir: RunningWeir;
let admin: Client;

before(async () => {
  database = await openTestDatabase();
  weir = await startWeir({ env: { DATABASE_URL: database.url, RATE_LIMITS: 'off' } });
  admin = await signIn(weir.url, weir.admin);
});
after(async () => {
  await weir.close();
  await database.close();
});

test('a post is found once it is written, by its new words once it is edited, and never once it is deleted', async () => {
  const board = (await admin('POST', '/api/boards', { title: '자유', description: '' })).body.id;
  const write = async (title: string) =>
    (await admin('POST', `/api/boards/${board}/posts`, { title, content: '**학교에서** 먹었어요' })).body.id;
  const first = await write('경극학교 이야기');
  const find = async (path: string) => (await admin('GET', path)).body;
  const everywhere = (q: string) => find(`/api/search?q=${encodeURIComponent(q)}`);
  const inBoard = (q: string, more = '') =>
    find(`/api/boards/${board}/posts?keyword=${encodeURIComponent(q)}${more}`);
  await until(async () => (await everywhere('학교')).count === 1);

  const [listed] = await inBoard('먹다');
  assert.deepEqual(
    [listed.id, listed.title, listed.highlights],
    [first, '경극학교 이야기', { title: '경극학교 이야기', content: '학교에서 <mark>먹</mark>었어요' }],
  );

  await admin('PUT', `/api/boards/${board}/posts/${first}`, { title: '발레학교 이야기', version: 1 });
  await until(async () => (await everywhere('발레')).count === 1 && (await everywhere('경극')).count === 0);

  const others: number[] = [];
  for (let at = 0; at < 11; at += 1) others.push(await write('발레'));
  await until(async () => (await everywhere('발레')).count === 12);
  const page = await inBoard('발레');
  assert.equal(page.length, 10);
  const next = await inBoard('발레', `&last_id=${page.at(-1).id}`);
  const paged = [...page, ...next].map((post: { id: number }) => post.id);
  assert.deepEqual(paged.toSorted(), [first, ...others].toSorted());
  assert.equal((await admin('GET', `/api/boards/${board}/posts?keyword=a&first_id=1`)).status, 422);

  await admin('DELETE', `/api/boards/${board}/posts/${first}`);
  await until(async () => (await inBoard('이야기')).length === 0);
  assert.equal((await everywhere('이야기')).results.length, 0);
});

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openPostgresSearch } from '../../src/engines/postgres/postgres-search.ts';
import { systemClock } from '../../src/kit/clock.ts';
import type { Failpoint } from '../../src/kit/failpoint.ts';
import { createPostIndexer, type PostIndexer, verifySearch } from '../../src/pipeline/publish/index.ts';
import type { SearchIndex } from '../../src/ports/search-index.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { insertMembers } from '../support/member-app.ts';

const WEIR = fileURLToPath(new URL('../../src/cli/weir.ts', import.meta.url));
/** Two batches of a rebuild, and a part of a third. */
const POSTS = 1_100;
const ROUNDS = process.env.FAULTS === 'ci' ? 3 : 1;
/** So unlike each other that none is taken for another, mistyped. */
const WORDS = 'walrus octopus lobster pelican barnacle urchin mussel dolphin squid herring turtle eel'.split(
  ' ',
);

describe('a rebuild of the search index that is killed', () => {
  let database: TestDatabase;
  let search: SearchIndex;
  let indexer: PostIndexer;
  let dir: string;
  let edits = 0;
  before(async () => {
    database = await openTestDatabase();
    const { db } = database;
    search = openPostgresSearch({ db, maintenance: db, log: testLog });
    indexer = createPostIndexer({ db, search, clock: systemClock });
    dir = mkdtempSync(join(tmpdir(), 'weir-rebuild-'));
    const [author] = await insertMembers(db, ['Mina']);
    const [board] = await db.query<{ id: number }>(
      `insert into boards (title, title_key) values ('b', 'b') returning id`,
    );
    await db.query(
      `insert into posts (board_id, author_id, place, title, content, content_html)
       select $1, $2, n, '고래 ' || n, 'x', '<p>바다에서</p>' from generate_series(1, ${POSTS}) n`,
      [board!.id, author],
    );
  });
  after(async () => {
    await indexer?.close();
    await search?.close();
    await database?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  async function rebuild(failpoint?: string) {
    const env = {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: database.url,
      DATA_DIR: dir,
      LOG_LEVEL: 'silent',
      ...(failpoint ? { FAILPOINT: failpoint } : {}),
    };
    const child = spawn(process.execPath, [WEIR, 'search', 'rebuild'], { env, cwd: dir, stdio: 'ignore' });
    await once(child, 'exit');
    return { code: child.exitCode, signal: child.signalCode };
  }
  const find = async (text: string) =>
    (await search.search({ text, boardIds: undefined, limit: 1, offset: 0 })).total;
  /** One of each part of the index, and one behind its end as a writer would add it. */
  async function edit() {
    const word = WORDS[edits]!;
    edits += 1;
    const rows = await database.db.query<{ id: number }>(
      `update posts set title = title || ' ' || $1, version = version + 1
       where id in (select id from posts where id % 97 = $2) returning id`,
      [word, edits],
    );
    for (const { id } of rows) await indexer.indexPost(id);
    assert.equal(await find(word), rows.length, 'an edit is found while a rebuild lies half done');
  }

  test('goes on, is found by nobody before it is whole, and loses no edit made meanwhile', async () => {
    assert.deepEqual(await rebuild(), { code: 0, signal: null });
    const points: [Failpoint, number][] = [
      ['index.after-fill', 1],
      ['index.after-fill', 2],
      ['index.before-publish', 1],
      ['index.after-publish', 1],
    ];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { generation } = await search.describe();
      for (const [point, nth] of points) {
        assert.deepEqual(await rebuild(`${point}:${nth}`), { code: null, signal: 'SIGKILL' }, point);
        const noted = readFileSync(join(dir, 'failpoints.ndjson'), 'utf8').trim().split('\n').at(-1)!;
        assert.equal(JSON.parse(noted).name, point);
        const isNew = (await search.describe()).generation !== generation;
        assert.equal(isNew, point === 'index.after-publish', `which index answers after ${point}`);
        assert.equal(await find('바다'), 1_000, 'as many as an answer may count');
        await edit();
      }
      const report = await verifySearch(database.db, search, {
        repair: false,
        signal: new AbortController().signal,
        onProgress: () => undefined,
      });
      assert.deepEqual([report.posts, report.drifted], [POSTS, []]);
    }
    const left = await database.db.query(
      `select 1 from pg_inherits where inhparent = 'search_documents'::regclass`,
    );
    assert.equal(left.length, 1, 'partitions of generations that answer no more');
  });
});

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { enqueue } from '../../src/db/outbox.ts';
import { createPostgresJobs } from '../../src/engines/postgres/postgres-jobs.ts';
import type { JobQueue } from '../../src/ports/job-queue.ts';
import { createRandom } from '../../src/proof/random.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { insertMembers } from '../support/member-app.ts';
import { until } from '../support/until.ts';

const WORKER = fileURLToPath(new URL('../support/job-worker.ts', import.meta.url));
const LONG = process.env.FAULTS === 'ci';
const WRITES = LONG ? 10_000 : 1_000;
const KILLS = LONG ? 50 : 6;
const ROLLED_BACK = 0.2;
const POINTS = ['job.after-claim', 'job.before-complete', 'job.after-complete'] as const;

describe('the outbox, while workers are killed', () => {
  let database: TestDatabase;
  let queue: JobQueue;
  let dir: string;
  before(async () => {
    database = await openTestDatabase();
    queue = createPostgresJobs(database.db);
    dir = mkdtempSync(join(tmpdir(), 'weir-outbox-'));
    await database.db.query('create table writes (cause bigint primary key)');
    await database.db.query('create table deeds (cause bigint not null)');
    await database.db.query('create table effects (cause bigint primary key)');
  });
  after(async () => {
    await database?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const startWorker = async (...args: string[]): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [WORKER, database.url, ...args], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout!, 'data');
    return child;
  };
  /** What 30 s would do: leases of the dead are over. Nobody holds one. */
  const endLeases = () =>
    database.db.query('update jobs set run_at = now() where parked_at is null and run_at > now()');
  const countLeft = async () =>
    (await queue.readState()).reduce((sum, kind) => sum + kind.waiting + kind.running + kind.later, 0);

  test(`${WRITES} writes, a fifth of them rolled back, ${KILLS} kills: each committed one has its effect once, no other has one`, async (t) => {
    const seed = Date.now() % 1_000_000;
    t.diagnostic(`seed ${seed}`);
    const random = createRandom(seed);
    const committed: number[] = [];
    let writing = true;
    const write = async (cause: number) => {
      const rollsBack = random() < ROLLED_BACK;
      const done = database.db.transaction(async (tx) => {
        await tx.query('insert into writes (cause) values ($1)', [cause]);
        await enqueue(tx, [{ kind: 'index-post', payload: { post_id: cause } }]);
        if (rollsBack) throw new Error('rolled back');
        committed.push(cause);
      });
      if (rollsBack) await assert.rejects(done);
      else await done;
    };
    const writers = Promise.all(
      Array.from({ length: 4 }, async (_, writer) => {
        for (let at = writer; at < WRITES; at += 4) await write(at);
      }),
    ).finally(() => {
      writing = false;
    });

    const hits = new Map<string, number>();
    for (let kill = 0; kill < KILLS; kill += 1) {
      const point = POINTS[kill % POINTS.length]!;
      const notes = join(dir, `${kill}.ndjson`);
      // A step can only be met where something is due.
      if (!writing && (await countLeft()) === 0) await write(WRITES + kill);
      await endLeases();
      const worker = await startWorker(`${point}:${1 + Math.floor(random() * 3)}`, notes);
      const timer = setTimeout(() => worker.kill('SIGKILL'), 2_000);
      await once(worker, 'exit');
      clearTimeout(timer);
      if (readNotes(notes).includes(point)) hits.set(point, (hits.get(point) ?? 0) + 1);
    }
    await writers;
    for (const point of POINTS) assert.ok((hits.get(point) ?? 0) > 0, `${point} was not hit: ${[...hits]}`);

    const worker = await startWorker();
    await until(async () => {
      await queue.retry(undefined);
      await endLeasesOfDead();
      return (await countLeft()) === 0;
    }, 60_000);
    worker.kill('SIGKILL');
    await once(worker, 'exit');

    const effects = await database.db.query<{ cause: number }>('select cause from effects order by cause');
    assert.deepEqual(
      effects.map((row) => row.cause),
      committed.sort((a, b) => a - b),
    );
    const [deeds] = await database.db.query<{ count: number }>('select count(*) as count from deeds');
    t.diagnostic(`${deeds!.count} deeds for ${effects.length} effects`);
    assert.ok(deeds!.count > effects.length, 'no kill left a job half done: this proved nothing');
    const rows = await database.db.query<{ cause: number }>('select cause from writes order by cause');
    assert.deepEqual(
      rows.map((row) => row.cause),
      effects.map((row) => row.cause),
    );
  });

  /** The living worker's leases are young. */
  const endLeasesOfDead = () =>
    database.db.query(
      `update jobs set run_at = now() where parked_at is null and run_at > now() and run_at < now() + interval '25 s'`,
    );
});

const WEIR = fileURLToPath(new URL('../../src/cli/weir.ts', import.meta.url));
const COMMENTS = LONG ? 2_000 : 200;
const WORK_KILLS = LONG ? 20 : 3;

describe('notifications, while the processes that send them are killed', () => {
  let database: TestDatabase;
  let dir: string;
  before(async () => {
    database = await openTestDatabase();
    dir = mkdtempSync(join(tmpdir(), 'weir-outbox-'));
  });
  after(async () => {
    await database?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const startWork = () => {
    const env = {
      PATH: process.env.PATH ?? '',
      DATABASE_URL: database.url,
      DATA_DIR: dir,
      ADMIN_PASSWORD: 'nine-quiet-herons',
      LOG_LEVEL: 'silent',
    };
    return spawn(process.execPath, [WEIR, 'work'], { env, cwd: dir, stdio: 'ignore' });
  };
  const query = async <R extends object>(text: string, values: unknown[] = []) =>
    database.db.query<R>(text, values);

  test(`${COMMENTS} comments, a fifth of them rolled back, ${WORK_KILLS} kills: one notification for each recipient and comment`, async (t) => {
    const seed = Date.now() % 1_000_000;
    t.diagnostic(`seed ${seed}`);
    const random = createRandom(seed);
    const members = (
      await insertMembers(
        database.db,
        Array.from({ length: 12 }, (_, at) => `Member${at}`),
      )
    ).map(Number);
    const [board] = await query<{ id: number }>(
      `insert into boards (title, title_key) values ('b', 'b') returning id`,
    );
    const posts = await query<{ id: number }>(
      `insert into posts (board_id, author_id, place, title, content, content_html)
       select $1, $2, n, 't', 'x', '' from generate_series(1, 4) n returning id`,
      [board!.id, members[0]],
    );
    // One writer a post: what was written before a comment is there before it.
    const writers = Promise.all(
      posts.map(async ({ id: post }) => {
        for (let at = 0; at < COMMENTS / posts.length; at += 1) {
          const rollsBack = random() < ROLLED_BACK;
          const author = members[Math.floor(random() * members.length)];
          const done = database.db.transaction(async (tx) => {
            const [row] = await tx.query<{ id: number }>(
              `insert into comments (post_id, author_id, content, content_html) values ($1, $2, 'x', '') returning id`,
              [post, author],
            );
            await enqueue(tx, [{ kind: 'notify-comment', payload: { comment_id: row!.id } }]);
            if (rollsBack) throw new Error('rolled back');
          });
          if (rollsBack) await assert.rejects(done);
          else await done;
        }
      }),
    );
    for (let kill = 0; kill < WORK_KILLS; kill += 1) {
      const worker = startWork();
      const [before] = await query<{ told: number }>('select count(*) as told from notifications');
      await until(async () => {
        const [now] = await query<{ told: number; due: number }>(
          `select (select count(*) from notifications) as told, (select count(*) from jobs where parked_at is null) as due`,
        );
        return now!.told > before!.told || now!.due === 0;
      }, 20_000);
      await new Promise((resolve) => setTimeout(resolve, random() * 100));
      worker.kill('SIGKILL');
      await once(worker, 'exit');
      await query('update jobs set run_at = now() where parked_at is null and run_at > now()');
    }
    await writers;
    const worker = startWork();
    await until(async () => {
      await query(
        'update jobs set parked_at = null, tries = 0, key = null, run_at = now() where parked_at is not null',
      );
      return (await query('select 1 from jobs limit 1')).length === 0;
    }, 120_000);
    worker.kill('SIGKILL');
    await once(worker, 'exit');

    const wrong = await query(
      `with wanted as (
         select distinct c.id as comment_id, told.member_id from comments c join posts p on p.id = c.post_id
         cross join lateral (
           select p.author_id as member_id union select b.author_id from comments b where b.post_id = c.post_id and b.id <= c.id
         ) told
       )
       select * from wanted full join notifications n using (comment_id, member_id)
       where wanted.comment_id is null or n.id is null`,
    );
    assert.deepEqual(wrong, []);
    const [sums] = await query<{ told: number; unread: number }>(
      'select (select count(*) from notifications) as told, (select sum(unread) from inboxes) as unread',
    );
    assert.equal(sums!.unread, sums!.told);
    t.diagnostic(`${sums!.told} notifications`);
  });
});

function readNotes(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

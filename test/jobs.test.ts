import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { enqueue } from '../src/db/outbox.ts';
import { createPostgresJobs } from '../src/engines/postgres/postgres-jobs.ts';
import { AppError } from '../src/kit/errors.ts';
import {
  type JobHandlers,
  retryDelayMs,
  runSchedule,
  type Schedule,
  startJobs,
} from '../src/pipeline/jobs/index.ts';
import type { JobQueue } from '../src/ports/job-queue.ts';
import { openTestDatabase, type TestDatabase, testLog } from './support/database.ts';
import { until } from './support/until.ts';

describe('jobs', () => {
  let database: TestDatabase;
  let queue: JobQueue;
  before(async () => {
    database = await openTestDatabase();
    queue = createPostgresJobs(database.db);
  });
  after(() => database?.close());
  beforeEach(() => database.db.query('truncate jobs, schedules'));

  const start = (handlers: JobHandlers) => startJobs({ queue, handlers, logger: testLog, random: () => 0.5 });
  const add = (...ids: number[]) =>
    enqueue(
      database.db,
      ids.map((post_id) => ({ kind: 'index-post', payload: { post_id } }) as const),
    );
  const readJobs = () =>
    database.db.query<{ tries: number; wait: number; last_error: string; parked: boolean }>(
      `select tries, extract(epoch from run_at - now())::float8 as wait, last_error, parked_at is not null as parked
     from jobs order by id`,
    );

  test('what is done is struck off, at most so many of a kind at once', async () => {
    await add(1, 2, 3, 4, 5, 6, 7);
    const done: number[] = [];
    let atOnce = 0;
    let most = 0;
    const runner = start({
      'index-post': {
        atOnce: 3,
        run: async ({ post_id }) => {
          most = Math.max(most, ++atOnce);
          await new Promise((resolve) => setImmediate(resolve));
          atOnce -= 1;
          done.push(post_id);
        },
      },
    });
    await until(async () => (await readJobs()).length === 0);
    await runner.close();
    assert.deepEqual(done.sort(), [1, 2, 3, 4, 5, 6, 7]);
    assert.equal(most, 3);
  });

  test('one that fails waits and comes again, one that is hopeless is parked, their neighbours are done', async () => {
    await add(1, 2, 3);
    const runner = start({
      'index-post': {
        atOnce: 5,
        run: async ({ post_id }) => {
          if (post_id === 1) throw new Error('not yet');
          if (post_id === 2) throw new AppError('not_found', 'There is no such post.');
        },
      },
    });
    await until(async () => (await readJobs()).every((job) => job.last_error !== null));
    await runner.close();
    const [again, parked] = await readJobs();
    assert.equal(again?.last_error, 'not yet');
    assert.ok(again!.wait > 0 && again!.wait <= 1, `waits ${again!.wait} s`);
    assert.deepEqual([parked?.parked, parked?.last_error], [true, 'There is no such post.']);
  });

  test('tries stand 1, 4, 16 and 64 s apart, each up to a half more or less', () => {
    assert.deepEqual(
      [1, 2, 3, 4].map((attempt) => retryDelayMs(attempt, 0.5)),
      [1_000, 4_000, 16_000, 64_000],
    );
    assert.deepEqual([retryDelayMs(2, 0), retryDelayMs(2, 1)], [2_000, 6_000]);
  });

  test('a stop takes nothing more and waits for what runs', async () => {
    await add(1, 2);
    let finish: (() => void) | undefined;
    const runner = start({
      'index-post': { atOnce: 1, run: () => new Promise<void>((resolve) => (finish = resolve)) },
    });
    await until(() => finish !== undefined);
    const closed = runner.close();
    finish!();
    await closed;
    assert.equal((await readJobs()).length, 1);
  });

  const hourly: Schedule = { name: 'hourly', kind: 'purge-posts', cron: '0 * * * *', missed: 'each' };
  const daily: Schedule = { name: 'daily', kind: 'purge-posts', cron: '30 4 * * *', missed: 'latest' };
  const deps = () => ({ db: database.db, timeZone: 'Asia/Seoul' });
  const setBack = (hours: number) =>
    database.db.query(`update schedules set ran_to = date_trunc('hour', now()) - $1 * interval '1 hour'`, [
      hours,
    ]);
  const occurrences = async () =>
    (
      await database.db.query<{ at: string }>(`select payload->>'scheduled_at' as at from jobs order by 1`)
    ).map((row) => row.at);

  test('a schedule begins when it is first seen, and an occurrence becomes one job, however many look', async () => {
    assert.equal(await runSchedule(hourly, deps()), 0);
    await setBack(1);
    const made = await Promise.all(Array.from({ length: 8 }, () => runSchedule(hourly, deps())));
    assert.equal(
      made.reduce((sum, count) => sum + count, 0),
      1,
    );
    assert.equal((await occurrences()).length, 1);
  });

  test('occurrences that nobody was there for are caught up: each, or the latest alone', async () => {
    for (const schedule of [hourly, daily]) await runSchedule(schedule, deps());
    await setBack(72);
    assert.equal(await runSchedule(hourly, deps()), 72);
    assert.equal(new Set(await occurrences()).size, 72);
    await database.db.query('delete from jobs');
    assert.equal(await runSchedule(daily, deps()), 1);
    const [at] = await occurrences();
    // 04:30 in Seoul, which has no summer time.
    assert.match(at!, /T19:30:00/);
    assert.equal(await runSchedule(daily, deps()), 0);
  });
});

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { enqueue } from '../../src/db/outbox.ts';
import { createPostgresJobs } from '../../src/engines/postgres/postgres-jobs.ts';
import type { JobKind, NewJob } from '../../src/events/jobs.ts';
import { type JobQueue, type LeasedJob, MAX_TRIES } from '../../src/ports/job-queue.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';

const KIND = 'index-post';
const post = (post_id: number, more: { key?: string; runAt?: Date } = {}): NewJob => ({
  kind: KIND,
  payload: { post_id },
  ...more,
});
const slots = (count: number, kind: JobKind = KIND) => new Map([[kind, count]]);

describe('the job queue of PostgreSQL', () => {
  let database: TestDatabase;
  let queue: JobQueue;
  before(async () => {
    database = await openTestDatabase();
    queue = createPostgresJobs(database.db);
  });
  after(() => database?.close());
  beforeEach(() => database.db.query('delete from jobs'));

  const claim = async (count = 10) => [...(await queue.claim(slots(count)))];
  /** As if so much time had passed for what is leased or waits. */
  const pass = (ms: number) =>
    database.db.query(`update jobs set run_at = run_at - $1 * interval '1 millisecond'`, [ms]);
  const posts = (jobs: readonly LeasedJob[]) =>
    jobs.map((job) => (job.payload as { post_id: number }).post_id).sort((a, b) => a - b);

  test('JQ-1: a job is there exactly where its transaction committed', async () => {
    await database.db.transaction((tx) => enqueue(tx, [post(1)]));
    const failed = database.db.transaction(async (tx) => {
      await enqueue(tx, [post(2)]);
      throw new Error('rolled back');
    });
    await assert.rejects(failed);
    const jobs = await claim();
    assert.deepEqual(posts(jobs), [1]);
    await queue.complete(jobs);
    await pass(60_000);
    assert.deepEqual(await claim(), []);
  });

  test('JQ-1: what changes under a key that waits is not missed by a worker that comes meanwhile', async () => {
    await enqueue(database.db, [post(1, { key: '1' })]);
    await database.db.transaction(async (tx) => {
      await enqueue(tx, [post(1, { key: '1' })]);
      assert.deepEqual(await claim(), [], 'a worker would read the post before this change');
    });
    const [job] = await claim();
    assert.ok(job);
    await enqueue(database.db, [post(1, { key: '1' })]);
    assert.equal((await claim()).length, 1, 'a change after the claim is a job of its own');
  });

  test('JQ-1: jobs under one key that nobody has taken are one, at the earliest of their instants', async () => {
    const later = new Date(Date.now() + 3_600_000);
    await enqueue(database.db, [post(1, { key: '1', runAt: later }), post(2, { key: '2', runAt: later })]);
    await enqueue(database.db, [post(1, { key: '1' }), post(1, { key: '1', runAt: later })]);
    assert.deepEqual(posts(await claim()), [1]);
    const [left] = await database.db.query<{ count: number }>('select count(*) as count from jobs');
    assert.equal(left?.count, 2);
  });

  test('JQ-2: many workers at once are handed each job once', async () => {
    await enqueue(
      database.db,
      Array.from({ length: 200 }, (_, at) => post(at)),
    );
    const taken = await Promise.all(Array.from({ length: 8 }, () => claim(40)));
    const ids = taken.flat().map((job) => job.id);
    while (ids.length < 200) ids.push(...(await claim(40)).map((job) => job.id));
    assert.equal(new Set(ids).size, 200);
    assert.deepEqual(await claim(), []);
  });

  test('JQ-2: a lease lasts as long as it is prolonged', async () => {
    await enqueue(database.db, [post(1)]);
    const jobs = await claim();
    await pass(20_000);
    assert.deepEqual([...(await queue.extend(jobs))], [jobs[0]!.id]);
    await pass(20_000);
    assert.deepEqual(await claim(), []);
    await pass(20_000);
    assert.equal((await claim()).length, 1);
  });

  test('JQ-3, JQ-4: the job of a worker that fell silent goes to another, and the first can do nothing more to it', async () => {
    await enqueue(database.db, [post(1)]);
    const [first] = await claim();
    assert.ok(first);
    await pass(30_001);
    const [second] = await claim();
    assert.equal(second?.id, first.id);
    assert.equal(second?.attempt, 2);
    await queue.complete([first]);
    await queue.fail(first, 'late', 0);
    assert.deepEqual([...(await queue.extend([first]))], []);
    assert.deepEqual([...(await queue.extend([second!]))], [first.id]);
  });

  test('JQ-3: a clock that was set back does not make a lease longer', async () => {
    await enqueue(database.db, [post(1)]);
    await claim();
    await pass(-3_600_000);
    assert.deepEqual(await claim(), []);
    assert.equal((await claim()).length, 1);
  });

  test('JQ-5: after its last try a job is parked with its reason, and retried with all its tries', async () => {
    await enqueue(database.db, [post(1, { key: '1' })]);
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      const [job] = await claim();
      assert.equal(job?.attempt, attempt);
      await queue.fail(job!, `no luck ${attempt}`, 0);
    }
    assert.deepEqual(await claim(), []);
    const [parked] = await queue.listParked({ limit: 10 });
    assert.equal(parked?.reason, `no luck ${MAX_TRIES}`);
    await enqueue(database.db, [post(1, { key: '1' })]);
    assert.equal(await queue.retry([parked!.id]), 1);
    assert.equal((await claim()).length, 2, 'the one that was parked, and the one that came under its key');
  });

  test('JQ-5: a job whose worker dies every time is parked too, and says so', async () => {
    await enqueue(database.db, [post(1)]);
    for (let attempt = 1; attempt <= MAX_TRIES; attempt += 1) {
      assert.equal((await claim()).length, 1);
      await pass(30_001);
    }
    assert.deepEqual(await claim(), []);
    const [parked] = await queue.listParked({ kind: KIND, limit: 10 });
    assert.match(parked!.reason, /its worker ended/);
    assert.equal(await queue.discard([parked!.id]), 1);
    assert.deepEqual(await queue.readState(), []);
  });

  test('JQ-5: what no further try can help is parked at once', async () => {
    await enqueue(database.db, [post(1)]);
    const [job] = await claim();
    await queue.fail(job!, 'hopeless', undefined);
    assert.equal((await queue.listParked({ limit: 1 }))[0]?.tries, 1);
  });

  test('JQ-6: neither a later job nor a failed one comes before its time', async () => {
    await enqueue(database.db, [post(1, { runAt: new Date(Date.now() + 60_000) }), post(2)]);
    const [job] = await claim();
    await queue.fail(job!, 'again', 10_000);
    assert.deepEqual(await claim(), []);
    await pass(10_000);
    assert.deepEqual(posts(await claim()), [2]);
    await pass(60_000);
    assert.deepEqual(posts(await claim()), [1, 2]);
  });

  test('JQ-7: a kind with many jobs that fail does not hold another back', async () => {
    await enqueue(
      database.db,
      Array.from({ length: 50 }, (_, at) => post(at)),
    );
    await enqueue(database.db, [{ kind: 'notify-comment', payload: { comment_id: 7 } }]);
    const jobs = await queue.claim(
      new Map<JobKind, number>([
        [KIND, 5],
        ['notify-comment', 5],
      ]),
    );
    assert.equal(jobs.length, 6);
    const state = await queue.readState();
    assert.deepEqual(
      state.map(({ kind, waiting, running }) => ({ kind, waiting, running })),
      [
        { kind: KIND, waiting: 45, running: 5 },
        { kind: 'notify-comment', waiting: 0, running: 1 },
      ],
    );
  });
});

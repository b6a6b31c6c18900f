import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createPostgresRaw } from '../../src/engines/postgres/postgres-raw.ts';
import { newEventId } from '../../src/events/event-id.ts';
import { readStats } from '../../src/features/dashboards/stats.service.ts';
import { createZone } from '../../src/features/dashboards/time-buckets.ts';
import type { AppError } from '../../src/kit/errors.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { verify } from '../../src/pipeline/verify/index.ts';
import { actorNumber, eventIdAt } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { buildSender, createTestClock, openWriter, type Writer } from '../support/ingest-run.ts';
import { until } from '../support/until.ts';
import { createClient, signIn, startWeir } from '../support/weir.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STEPS = [HOUR_MS, -HOUR_MS, DAY_MS, -DAY_MS, -5 * SECOND_MS];
// Lord Howe's clocks go back by half an hour at 15:00 UTC on this day.
const START = Date.UTC(2031, 3, 5, 14, 58, 30);

describe('the clock of the process', () => {
  let database: TestDatabase;
  let writer: Writer;
  const clock = createTestClock(START);
  const zone = process.env.TZ;

  before(async () => {
    database = await openTestDatabase();
    writer = await openWriter(database, clock);
  });
  after(async () => {
    await writer.log.close();
    await database.close();
  });

  const count = () => countUntilDry({ db: database.db, log: writer.log, logger: testLog });
  const send = (campaign: number, visitor: number, id = eventIdAt(clock.now()), occurredAt?: number) =>
    writer.ingest.accept(
      [{ eventId: id, type: 'view', subject: { kind: 'campaign', id: campaign }, occurredAt }],
      // Members: the hash of a visitor is another one each day.
      buildSender(visitor, { memberActor: actorNumber(visitor) }),
    );
  const isExact = async () => {
    await count();
    const report = await verify(database.db, {
      repair: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    assert.deepEqual([report.differences, report.brokenSeals], [[], []]);
  };
  const verdictsOf = async (campaign: number) =>
    (
      await database.db.query<{ rule: number }>(
        'select rule from event_log where subject_id = $1 order by seq',
        [campaign],
      )
    ).map((row) => row.rule);

  test('may be in any zone: instants, partitions and numbers are the same', async () => {
    const minutes = [-3, -2, -1, 0, 1, 2, 3].map((at) => START + at * MINUTE_MS);
    for (const [index, tz] of ['UTC', 'Asia/Kathmandu', 'Australia/Lord_Howe'].entries()) {
      process.env.TZ = tz;
      const campaign = 10 + index;
      for (const [at, minute] of minutes.entries()) {
        clock.set(minute);
        await send(campaign, at, eventIdAt(minute), minute - DAY_MS);
      }
      await count();
      const rows = await database.db.query<{ at: number; partition: string }>(
        `select (extract(epoch from occurred_at) * 1000)::int8 as at, tableoid::regclass::text as partition
         from event_log where subject_id = $1 order by 1`,
        [campaign],
      );
      assert.deepEqual(
        rows,
        minutes.map((minute) => ({ at: minute - DAY_MS, partition: 'event_log_20310405' })),
        tz,
      );
      const raw = createPostgresRaw(database.db);
      const listed = await raw.listEvents(
        {
          subject: { kind: 'campaign', id: campaign },
          from: new Date(minutes[1]! - DAY_MS),
          to: new Date(minutes[5]! - DAY_MS),
          type: undefined,
          traffic: 'all',
          eventId: undefined,
          after: undefined,
        },
        10,
      );
      assert.deepEqual(
        listed.map((event) => event.occurred_at.getTime() + DAY_MS),
        minutes.slice(1, 5).reverse(),
        tz,
      );
      const stats = await readStats(database.db, raw, {
        subject: { kind: 'campaign', id: campaign },
        from: new Date(Math.floor(START / HOUR_MS) * HOUR_MS - DAY_MS),
        to: new Date(Math.floor(START / HOUR_MS) * HOUR_MS - DAY_MS + 2 * HOUR_MS),
        interval: 'hour',
        zone: createZone('UTC'),
        traffic: 'valid',
      });
      assert.deepEqual(
        stats.series.map((row) => [row.start, row.views]),
        [
          ['2031-04-04T14:00:00+00:00', 5],
          ['2031-04-04T15:00:00+00:00', 2],
        ],
        tz,
      );
    }
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  test('may step in the middle of a write: nothing expires early, is lost or counted twice', async () => {
    await database.db.query(`
      create function slow() returns trigger language plpgsql as $$ begin perform pg_sleep(0.15); return null; end $$;
      create trigger slow after insert on event_log for each statement execute function slow();`);
    const ids: string[] = [];
    for (const [index, step] of STEPS.entries()) {
      clock.set(START);
      ids.push(eventIdAt(clock.now()));
      const before = send(20, 100 + index, ids.at(-1));
      clock.set(START + step);
      ids.push(eventIdAt(clock.now()));
      const after = send(20, 200 + index, ids.at(-1));
      const again = send(20, 100 + index, ids.at(-2));
      for (const [answer] of await Promise.all([before, after, again]))
        assert.equal(answer?.status, 'accepted');
    }
    await database.db.query('drop trigger slow on event_log');
    const rows = await database.db.query<{ event_id: string }>(
      'select event_id from event_log where subject_id = 20',
    );
    assert.deepEqual(rows.map((row) => row.event_id).sort(), ids.sort());
    await isExact();
  });

  test('may step back while the log hangs: the request still ends after its 2.5 s', async () => {
    clock.set(START);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: locked, resolve: lock } = Promise.withResolvers<void>();
    const holding = database.db.transaction(async (tx) => {
      await tx.query('lock table event_log in exclusive mode');
      lock();
      await released;
    });
    await locked;
    const sent = send(30, 1);
    await until(() => writer.ingest.queued() === 1);
    clock.set(START - DAY_MS);
    let ended = false;
    const refused = assert
      .rejects(sent, (error: AppError) => error.code === 'outcome_unknown')
      .finally(() => (ended = true));
    clock.advance(1_500);
    // The deadline is looked at every 100 ms; it has not come, though the wall clock is a day off.
    await new Promise((resolve) => setTimeout(resolve, 120));
    assert.equal(ended, false);
    clock.advance(1_100);
    await refused;
    release();
    await holding;
    await isExact();
  });

  test('may step back: the rate of an actor is of the last minute that passed, not of the clock', async () => {
    for (let round = 0; round < 4; round += 1) {
      clock.set(START - round * DAY_MS);
      // Subjects of their own: no repeat shall hide the rate.
      const sent = Array.from({ length: 100 }, (_, at) => send(1_000 + round * 100 + at, 7));
      for (const [answer] of await Promise.all(sent)) assert.equal(answer?.status, 'accepted');
      clock.advance(3 * MINUTE_MS);
    }
    const flagged = await database.db.query(
      'select 1 from event_log where subject_id between 1000 and 1399 and rule <> 0',
    );
    assert.equal(flagged.length, 0);
    await Promise.all(Array.from({ length: 130 }, (_, at) => send(2_000 + at, 7)));
    const above = await database.db.query(
      'select 1 from event_log where subject_id between 2000 and 2129 and rule = 3',
    );
    assert.equal(above.length, 10);
  });

  test('may step back: a repeat is still what follows within 2 s, and nothing else', async () => {
    clock.set(START);
    await send(40, 8);
    for (const passed of [SECOND_MS, 3 * SECOND_MS]) {
      clock.set(clock.now() + passed);
      await send(40, 8);
    }
    for (const step of [-DAY_MS, -HOUR_MS, -5 * SECOND_MS]) {
      clock.set(clock.now() + step);
      await send(40, 8);
      clock.set(clock.now() + SECOND_MS);
      await send(40, 8);
    }
    assert.deepEqual(await verdictsOf(40), [0, 4, 0, 0, 4, 0, 4, 0, 4]);
  });

  test('of the database may step back: no number claims to be complete through an instant to come', async () => {
    await database.db.query(
      `update log_positions set complete_through = clock_timestamp() + interval '1 hour'`,
    );
    const now = Date.now();
    const stats = await readStats(database.db, createPostgresRaw(database.db), {
      subject: { kind: 'campaign', id: 1 },
      from: new Date(Math.floor(now / HOUR_MS) * HOUR_MS - HOUR_MS),
      to: new Date(Math.floor(now / HOUR_MS) * HOUR_MS + HOUR_MS),
      interval: 'hour',
      zone: createZone('UTC'),
      traffic: 'valid',
    });
    assert.ok(stats.complete_through !== null && stats.complete_through <= stats.as_of);
    assert.deepEqual(
      stats.series.map((row) => row.complete),
      [true, false],
    );
  });
});

/** Debian's libfaketime moves the clock of a real server and of its PostgreSQL. */
const FAKETIME = process.env.FAULT_FAKETIME ?? '';
const skip = existsSync(FAKETIME)
  ? false
  : 'needs libfaketime: apt-get install libfaketime, then FAULT_FAKETIME=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

test('a running server whose clock steps answers, counts exactly and shows no negative age', {
  skip,
  timeout: 120_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'weir-clock-'));
  const file = join(folder, 'clock');
  const step = (to: string) => writeFileSync(file, `${to}\n`);
  step('+0');
  const weir = await startWeir({
    env: {
      RATE_LIMITS: 'off',
      TZ: 'Asia/Kathmandu',
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      // A step of the wall clock leaves the monotonic one alone, as on a real machine.
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  });
  t.after(async () => {
    await weir.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const anyone = createClient(weir.url, {});
  const owner = await signIn(weir.url, weir.admin);
  const campaign = (
    await owner('POST', '/api/campaigns', {
      title: 'clock',
      content: 'Sale',
      start_date: '2020-01-01T00:00:00Z',
      end_date: '2099-01-01T00:00:00Z',
    })
  ).body.id as number;
  const ids: string[] = [];
  for (const to of ['+0', '+3600', '+0', '-3600', '+0', '+86400', '+0', '-86400', '+0', '-5']) {
    step(to);
    for (let at = 0; at < 20; at += 1) {
      ids.push(newEventId());
      const event = { event_id: ids.at(-1), type: 'view', campaign_id: campaign };
      const startedAt = performance.now();
      const answer = await anyone('POST', '/api/events', event);
      assert.equal(answer.status, 202, `${to}: ${JSON.stringify(answer.body)}`);
      assert.ok(performance.now() - startedAt < 2_500, to);
      assert.equal((await anyone('GET', '/health/live')).status, 200);
    }
    assert.equal((await anyone('GET', '/health/ready')).status, 200);
    // A step forward ends access tokens, so sign in anew.
    const admin = await signIn(weir.url, weir.admin);
    const status = (await admin('GET', '/api/status')).body.pipeline;
    assert.ok(status.lag_ms >= 0, `${to}: ${JSON.stringify(status)}`);
    const stats = (await admin('GET', `/api/campaigns/${campaign}/stats`)).body;
    assert.ok(Date.parse(stats.complete_through) <= Date.parse(stats.as_of), to);
    // Otherwise nothing was moved, and nothing proven: the default range ends at the process's own minute.
    const moved = Date.parse(stats.to) - Date.now();
    assert.ok(Math.abs(moved - Number(to) * SECOND_MS) < 2 * MINUTE_MS, `${to}: ${moved}`);
  }
  step('+0');
  const admin = await signIn(weir.url, weir.admin);
  const range = `from=${new Date(Date.now() - (Date.now() % DAY_MS) - 3 * DAY_MS).toISOString()}&to=${new Date(
    Date.now() - (Date.now() % DAY_MS) + 3 * DAY_MS,
  ).toISOString()}`;
  await until(async () => {
    const { totals } = (await admin('GET', `/api/campaigns/${campaign}/stats?traffic=all&${range}`)).body;
    return totals.views === ids.length;
  });
  assert.equal(weir.child.exitCode, null);
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createPostgresRaw } from '../src/engines/postgres/postgres-raw.ts';
import type { Event } from '../src/events/event.ts';
import { readStats } from '../src/features/dashboards/stats.service.ts';
import { createZone } from '../src/features/dashboards/time-buckets.ts';
import { countUntilDry } from '../src/pipeline/aggregate/index.ts';
import { listParked, replayParked } from '../src/pipeline/dead-letters/index.ts';
import { applyRetention } from '../src/pipeline/retention/index.ts';
import { isClean, verify } from '../src/pipeline/verify/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { actorNumber, buildEvent } from './support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from './support/database.ts';

const DAY_MS = 86_400_000;
const RETENTION = 90;
const today = Math.floor(Date.now() / DAY_MS);

/** An id of UUID version 7 whose time is that instant. */
function idAt(at: number, n: number): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

let serial = 0;
function eventOf(day: number, parts: Partial<Event> = {}): Event {
  serial += 1;
  const at = day * DAY_MS + 3_600_000 + serial * 20_000;
  return buildEvent({
    id: idAt(at, serial),
    day,
    occurredAt: at,
    receivedAt: at,
    actor: actorNumber(serial % 11),
    type: (['view', 'true_view', 'click'] as const)[serial % 3]!,
    subject: { kind: 'campaign', id: 1 + (serial % 2) },
    ...parts,
  });
}

describe('retention', () => {
  let database: TestDatabase;
  let log: EventLog;
  before(async () => {
    database = await openTestDatabase();
    log = await openLog();
  });
  after(async () => {
    await log.close();
    await database.close();
  });

  const openLog = () => openTestLog(database);
  const settle = () => countUntilDry({ db: database.db, log, logger: testLog });
  const apply = () =>
    applyRetention(database.db, {
      retentionDays: RETENTION,
      now: Date.now(),
      logger: testLog,
      signal: new AbortController().signal,
    });
  const check = (repair = false) =>
    verify(database.db, { repair, signal: new AbortController().signal, onProgress: () => undefined });
  const kept = () =>
    database.db.query(`select 'q' as t, subject_id, bucket_at, traffic, views, true_views, clicks from counters_quarter
      union all select 't', subject_id, null, traffic, views, true_views, clicks from counters_total order by 1, 2, 3, 4`);
  const countRaw = async (where: string) =>
    (await database.db.query<{ n: number }>(`select count(*) as n from event_log where ${where}`))[0]!.n;

  const OLD = today - RETENTION - 2;

  test('what is not counted yet stays', async () => {
    await log.append(Array.from({ length: 600 }, () => eventOf(OLD)));
    const report = await apply();
    assert.deepEqual([report.partitions, report.held.length], [0, 1]);
    assert.equal(await countRaw(`day = ${OLD}`), 600);
  });

  test('an old partition is verified, sealed and dropped, and every number stays provable', async () => {
    await log.append(Array.from({ length: 300 }, () => eventOf(today)));
    // An old id whose event happened yesterday: its minute keeps other raw rows.
    const yesterday = (today - 1) * DAY_MS + 600_000;
    await log.append([
      eventOf(OLD, { occurredAt: yesterday, receivedAt: yesterday, type: 'view' }),
      eventOf(today - 1, { occurredAt: yesterday, receivedAt: yesterday, type: 'view' }),
    ]);
    await settle();
    const was = await kept();
    assert.ok(isClean(await check()));

    const report = await apply();
    assert.deepEqual([report.partitions, report.events, report.held], [1, 601, []]);
    assert.equal(await countRaw(`day = ${OLD}`), 0);
    assert.deepEqual(await kept(), was);
    const verified = await check();
    assert.ok(isClean(verified), JSON.stringify(verified));
    assert.deepEqual(
      new Set(verified.ranges.map((range) => range.basis)),
      new Set(['sealed', 'both', 'recomputed']),
    );
    assert.deepEqual((await apply()).partitions, 0);
  });

  test('minutes go with their raw events, and a question about them is refused instead of answered wrongly', async () => {
    const minutes = await database.db.query('select 1 from counters_minute where bucket_at < $1', [
      new Date((OLD + 1) * DAY_MS),
    ]);
    assert.equal(minutes.length, 0);
    const ask = (interval: 'minute' | 'hour') =>
      readStats(database.db, createPostgresRaw(database.db), {
        subject: { kind: 'campaign', id: 1 },
        from: new Date(OLD * DAY_MS),
        to: new Date((OLD + 1) * DAY_MS),
        interval,
        zone: createZone('Asia/Seoul'),
        traffic: 'valid',
      });
    await assert.rejects(ask('minute'), /whole hours/);
    const hours = await ask('hour');
    assert.equal(hours.totals.views + hours.totals.true_views + hours.totals.clicks, 300);
  });

  test('a writer goes on above what was dropped, though none of its rows is left', async () => {
    const { db } = database;
    const [head] = await db.query<{ seq: number }>('select max(floor_seq) as seq from log_lanes');
    await log.close();
    await db.query('create table aside as select * from event_log');
    await db.query('delete from event_log');
    log = await openLog();
    const event = eventOf(today);
    await log.append([event]);
    const [row] = await db.query<{ seq: number }>('select seq from event_log where event_id = $1', [
      event.id,
    ]);
    assert.ok(row!.seq > head!.seq, `${row!.seq} after ${head!.seq}`);
    await db.query('delete from event_log');
    await db.query('insert into event_log select * from aside');
    await log.close();
    log = await openLog();
    await settle();
    assert.ok(isClean(await check()));
  });

  test('altered counters of a sealed day are repaired from the sealed sums', async () => {
    const was = await kept();
    await database.db.query('update counters_quarter set views = views + 5 where subject_id = 1');
    await database.db.query('update counters_total set clicks = 0 where subject_id = 2');
    await database.db.query('update actor_quarters set seen = 63 where subject_id = 2');
    assert.ok((await check(true)).differences.length > 2);
    assert.ok(isClean(await check()));
    assert.deepEqual(await kept(), was);
  });

  test('altered seals are reported, and nothing is repaired by them', async () => {
    const spoil = async (text: string, undo: string) => {
      await database.db.query(text);
      const report = await check(true);
      assert.ok(report.brokenSealed.length > 0, text);
      assert.equal(report.repairedDays, 0);
      await database.db.query(undo);
      const mended = await check(true);
      assert.deepEqual(mended.brokenSealed, []);
      assert.ok(isClean(await check()));
    };
    await spoil(
      'update sealed_quarters set views = views + 1 where subject_id = 1',
      'update sealed_quarters set views = views - 1 where subject_id = 1',
    );
    await spoil(
      'update actor_quarters set sealed_seen = sealed_seen # 8 where subject_id = 1 and sealed_seen <> 0',
      'update actor_quarters set sealed_seen = sealed_seen # 8 where subject_id = 1 and sealed_seen <> 0',
    );
  });

  test('a partition whose raw rows were altered is held back and reported', async () => {
    const day = OLD - 1;
    await log.append(Array.from({ length: 50 }, () => eventOf(day)));
    await settle();
    await database.db.query('update event_log set type = 4 - type where day = $1 and type <> 2', [day]);
    const report = await apply();
    assert.match(report.held[0]!.reason, /altered/);
    const open = () =>
      database.db.query(`select 1 from findings where kind = 'retention' and settled_at is null`);
    assert.equal((await open()).length, 1);
    await database.db.query('update event_log set type = 4 - type where day = $1 and type <> 2', [day]);
    assert.equal((await apply()).partitions, 1);
    assert.equal((await open()).length, 0);
    assert.ok(isClean(await check()));
  });

  test('ids without a day go by their receipt, in chunks, while newer ones stay', async () => {
    const undated = (receivedAt: number, occurredAt: number) =>
      eventOf(today, { id: crypto.randomUUID(), day: -1, receivedAt, occurredAt, source: 'import' });
    const longAgo = Date.UTC(2015, 4, 17, 10);
    await log.append(
      Array.from({ length: 120 }, (_, n) => undated((OLD + 1) * DAY_MS + n, longAgo + n * 60_000)),
    );
    await log.append(Array.from({ length: 40 }, (_, n) => undated(Date.now(), longAgo + n * 60_000)));
    await settle();
    const was = await kept();
    assert.equal((await apply()).events, 120);
    assert.equal(await countRaw('day = -1'), 40);
    assert.deepEqual(await kept(), was);
    const verified = await check();
    assert.ok(isClean(verified), JSON.stringify(verified));
  });

  test('an event that waits parked can still be replayed when its raw row is gone', async () => {
    const { db } = database;
    const day = OLD - 2;
    await log.append([eventOf(day, { subject: { kind: 'campaign', id: 500 }, type: 'view' })]);
    await settle();
    await db.query('update counters_total set views = 9223372036854775807 where subject_id = 500');
    await log.append([eventOf(day, { subject: { kind: 'campaign', id: 500 }, type: 'view' })]);
    await settle();
    assert.equal((await listParked(db, 10)).length, 1);
    await db.query('update counters_total set views = 1 where subject_id = 500');
    assert.equal((await apply()).partitions, 1);
    assert.ok(isClean(await check()));
    assert.deepEqual(await replayParked(db, undefined), { replayed: 1, still: 0, unreadable: 0 });
    const [total] = await db.query('select views from counters_total where subject_id = 500');
    assert.deepEqual(total, { views: 2 });
    const verified = await check();
    assert.ok(isClean(verified), JSON.stringify(verified));
  });
});

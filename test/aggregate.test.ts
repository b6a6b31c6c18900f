import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EventType } from '../src/events/event.ts';
import { countUntilDry, startAggregator } from '../src/pipeline/aggregate/index.ts';
import { listParked, replayParked } from '../src/pipeline/dead-letters/index.ts';
import { verify } from '../src/pipeline/verify/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { actorNumber, buildEvent } from './support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from './support/database.ts';
import { until } from './support/until.ts';

const TYPES: EventType[] = ['view', 'true_view', 'click'];

describe('counting', () => {
  let database: TestDatabase;
  let log: EventLog;

  before(async () => {
    database = await openTestDatabase();
    log = await openTestLog(database);
  });
  after(async () => {
    await log.close();
    await database.close();
  });

  const check = (repair = false) =>
    verify(database.db, { repair, signal: new AbortController().signal, onProgress: () => undefined });

  async function totalOf(id: number): Promise<unknown> {
    const rows = await database.db.query(
      'select traffic, views, true_views, clicks from counters_total where subject_id = $1 order by traffic',
      [id],
    );
    return rows;
  }

  test('every event counts once, valid and invalid apart, and verify finds nothing', async () => {
    const events = Array.from({ length: 3_000 }, (_, index) =>
      buildEvent({
        type: TYPES[index % 3]!,
        subject: { kind: 'campaign', id: 1 + (index % 5) },
        actor: actorNumber(index % 7),
        occurredAt: Date.now() - index * 1_000,
        verdict: index % 10 === 0 ? { valid: false, rule: 'bot', ruleVersion: 1 } : { valid: true },
      }),
    );
    await log.append(events.slice(0, 900));
    await log.append(events.slice(900, 1_800));
    await log.append(events.slice(1_800));
    const again = await log.append(events.slice(0, 50));
    assert.deepEqual(new Set(again.map((outcome) => outcome.status)), new Set(['duplicate']));
    assert.equal(await countUntilDry({ db: database.db, log, logger: testLog }), 3_000);
    const [sum] = await database.db.query<{ n: number }>(
      'select sum(views + true_views + clicks) as n from counters_total',
    );
    assert.equal(sum?.n, 3_000);
    const report = await check();
    assert.deepEqual(report.differences, []);
    assert.deepEqual(report.brokenSeals, []);
  });

  test('two aggregators at once count nothing twice', async () => {
    const deps = { db: database.db, log, logger: testLog };
    const both = [startAggregator(deps), startAggregator(deps)];
    for (let round = 0; round < 20; round += 1) {
      await log.append(
        Array.from({ length: 200 }, () => buildEvent({ subject: { kind: 'campaign', id: 77 } })),
      );
    }
    await until(async () => JSON.stringify(await totalOf(77)).includes('"views":4000'));
    await Promise.all(both.map((one) => one.close()));
    assert.deepEqual(await totalOf(77), [{ traffic: 0, views: 4_000, true_views: 0, clicks: 0 }]);
    assert.deepEqual((await check()).differences, []);
  });

  test('altered counters and sets are found, and repaired to what they were', async () => {
    const snapshot = () =>
      database.db.query(`select 'm' as t, subject_id, bucket_at, traffic, views, true_views, clicks from counters_minute
        union all select 'q', subject_id, bucket_at, traffic, views, true_views, clicks from counters_quarter
        union all select 't', subject_id, null, traffic, views, true_views, clicks from counters_total order by 1, 2, 3, 4`);
    const was = await snapshot();
    await database.db.query('update counters_minute set views = views + 1 where subject_id = 2');
    await database.db.query('delete from counters_quarter where subject_id = 3');
    await database.db.query('update actor_quarters set seen = seen # 1 where subject_id = 4');
    await database.db.query('update counters_total set clicks = 0 where subject_id = 5');
    const found = new Set((await check()).differences.map((one) => one.table));
    assert.deepEqual(
      found,
      new Set(['counters_minute', 'counters_quarter', 'actor_quarters', 'counters_total']),
    );
    await check(true);
    assert.deepEqual((await check()).differences, []);
    assert.deepEqual(await snapshot(), was);
  });

  test('altered raw rows are reported and never made official', async () => {
    const [victim] = await database.db.query<{ event_id: string }>(
      'select event_id from event_log where subject_id = 1 limit 1',
    );
    await database.db.query('update event_log set subject_id = 2 where event_id = $1', [victim?.event_id]);
    const before = await totalOf(2);
    const report = await check(true);
    assert.equal(report.brokenSeals.length, 1);
    assert.equal(report.repairedDays, 0);
    assert.deepEqual(await totalOf(2), before);
    await database.db.query('update event_log set subject_id = 1 where event_id = $1', [victim?.event_id]);
    assert.deepEqual((await check()).brokenSeals, []);
  });

  test('an event that cannot be counted is parked alone, and counted once when it is replayed', async () => {
    const { db } = database;
    const full = { kind: 'campaign' as const, id: 500 };
    await log.append([buildEvent({ subject: full })]);
    await countUntilDry({ db, log, logger: testLog });
    await db.query('update counters_total set views = 9223372036854775807 where subject_id = 500');
    await log.append(
      [1, 2, 3].map((id) => buildEvent({ subject: id === 2 ? full : { kind: 'campaign', id: 501 } })),
    );
    await countUntilDry({ db, log, logger: testLog });
    assert.deepEqual(await totalOf(501), [{ traffic: 0, views: 2, true_views: 0, clicks: 0 }]);
    const [letter, ...others] = await listParked(db, 10);
    assert.deepEqual([letter?.reason, letter?.tries, others.length], ['uncountable', 5, 0]);
    assert.deepEqual(await replayParked(db, undefined), { replayed: 0, still: 1, unreadable: 0 });

    await db.query('update counters_total set views = 1 where subject_id = 500');
    assert.deepEqual((await check()).differences, []);
    const replays = await Promise.all([replayParked(db, undefined), replayParked(db, undefined)]);
    assert.equal(
      replays.every((report) => report.still === 0),
      true,
    );
    assert.deepEqual(await totalOf(500), [{ traffic: 0, views: 2, true_views: 0, clicks: 0 }]);
    assert.deepEqual((await check()).differences, []);
  });
});

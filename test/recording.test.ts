import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openKafkaLog } from '../src/engines/kafka/kafka-log.ts';
import { createMemoryLog } from '../src/engines/memory/memory-log.ts';
import { createRawRows } from '../src/engines/postgres/raw-rows.ts';
import { systemClock } from '../src/kit/clock.ts';
import { countUntilDry } from '../src/pipeline/aggregate/index.ts';
import { listParked, replayParked } from '../src/pipeline/dead-letters/index.ts';
import { listSources } from '../src/pipeline/move/index.ts';
import {
  findRecordLag,
  leaveLog,
  type RecorderDeps,
  recordUntilDry,
  registerPartitions,
  startRecorder,
} from '../src/pipeline/record/index.ts';
import { applyRetention } from '../src/pipeline/retention/index.ts';
import { isClean, verify } from '../src/pipeline/verify/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { actorNumber, buildEvent, eventIdAt } from './support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from './support/database.ts';
import { deleteRecordsBefore, dropTopic, produceRaw, testTopic, withoutKafka } from './support/kafka.ts';
import { until } from './support/until.ts';

const DAY_MS = 86_400_000;

interface Place {
  readonly log: EventLog;
  readonly close: () => Promise<void>;
}

async function kafka(database: TestDatabase, settings = testTopic()): Promise<Place> {
  const log = await openKafkaLog({
    settings,
    clock: systemClock,
    log: testLog,
    writes: true,
    now: () => clockOf(database),
  });
  return {
    log,
    close: async () => {
      await log.close();
      await dropTopic(settings);
    },
  };
}

function memory(database: TestDatabase): Promise<Place> {
  const log = { ...createMemoryLog({ keepsCopies: true }), clock: () => clockOf(database) };
  return Promise.resolve({ log, close: () => Promise.resolve() });
}

async function clockOf({ db }: TestDatabase): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now');
  return row!.now;
}

async function checkNumbers({ db }: TestDatabase): Promise<void> {
  const { signal } = new AbortController();
  const report = await verify(db, { repair: false, signal, onProgress: () => undefined });
  assert.equal(isClean(report), true, JSON.stringify(report));
}

for (const [name, open] of Object.entries({ memory, kafka: (database: TestDatabase) => kafka(database) })) {
  const skip = name === 'kafka' && withoutKafka;

  describe(`recording out of a log that keeps every copy: ${name}`, () => {
    let database: TestDatabase;
    let place: Place;
    let deps: RecorderDeps;

    before(async () => {
      if (skip) return;
      database = await openTestDatabase();
      place = await open(database);
      const { db } = database;
      deps = { db, log: place.log, rows: createRawRows(db), logger: testLog };
      await registerPartitions(db, place.log);
    });
    after(async () => {
      if (skip) return;
      await place.close();
      await database.close();
    });

    const check = () => checkNumbers(database);
    const views = async (id: number) => {
      const [row] = await database.db.query<{ views: number }>(
        'select sum(views)::int8 as views from counters_total where subject_id = $1',
        [id],
      );
      return row?.views ?? 0;
    };
    const campaign = (id: number) => ({ kind: 'campaign' as const, id });

    test('every id counts once, the first copy wins, and verify finds nothing', { skip }, async () => {
      const events = Array.from({ length: 500 }, (_, at) =>
        buildEvent({ subject: campaign(1), actor: actorNumber(at % 9), page: `/${at}` }),
      );
      const [first] = events;
      await place.log.append(events);
      await place.log.append(events.slice(0, 300).map((event) => ({ ...event, page: 'again' })));
      await place.log.append([
        { ...first!, type: 'click' },
        { ...first!, subject: campaign(2) },
      ]);
      assert.equal(await findRecordLag(deps), 802);
      await recordUntilDry(deps);
      assert.equal(await findRecordLag(deps), 0);
      assert.deepEqual([await views(1), await views(2)], [500, 0]);
      const pages = await database.db.query('select page from event_log where event_id = $1', [first!.id]);
      assert.deepEqual(pages, [{ page: '/0' }]);
      const letters = await listParked(database.db, 10);
      assert.deepEqual(
        letters.map(({ origin, reason, payload }) => [origin, reason, payload.event_id]),
        [
          ['record', 'event_id_reused', first!.id],
          ['record', 'event_id_reused', first!.id],
        ],
      );
      // A copy that comes in a later batch, when the first is long counted.
      await place.log.append([{ ...first!, page: 'late' }]);
      await recordUntilDry(deps);
      assert.equal(await views(1), 500);
      await check();
    });

    test('complete_through promises nothing before the end was read, and moves while idle', {
      skip,
    }, async () => {
      await place.log.append([buildEvent({ subject: campaign(3) })]);
      const acknowledgedAt = await clockOf(database);
      const through = async () => {
        const [row] = await database.db.query<{ at: Date }>(
          `select min(complete_through) as at from log_positions p join log_lanes on lane = partition where source = $1`,
          [place.log.identity],
        );
        return row!.at;
      };
      assert.ok((await through()) < acknowledgedAt);
      await recordUntilDry(deps);
      assert.ok((await through()) > acknowledgedAt);
      assert.equal(await views(3), 1);
    });

    test('four recorders at once count nothing twice, and share the work', { skip }, async () => {
      const running = Array.from({ length: 4 }, () => startRecorder(deps));
      for (let round = 0; round < 10; round += 1) {
        const events = Array.from({ length: 200 }, () => buildEvent({ subject: campaign(4) }));
        await place.log.append([...events, ...events.slice(0, 20)]);
      }
      await until(async () => (await findRecordLag(deps)) === 0).finally(() =>
        Promise.all(running.map((one) => one.close())),
      );
      assert.equal(await views(4), 2_000);
      await check();
    });

    test('an event that cannot be stored is parked alone; its neighbours count', { skip }, async () => {
      const page = 'NUL \u0000 is no text';
      const events = Array.from({ length: 5 }, (_, at) =>
        buildEvent({ subject: campaign(5), ...(at === 2 && { page }) }),
      );
      await place.log.append(events);
      await recordUntilDry(deps);
      assert.equal(await views(5), 4);
      const letters = await listParked(database.db, 10);
      const letter = letters.find((one) => one.reason === 'unstorable');
      assert.equal(letter?.payload.event_id, events[2]!.id);
      await check();
    });

    test('an event that cannot be counted keeps its raw row, and counts when it is replayed', {
      skip,
    }, async () => {
      const { db } = database;
      await place.log.append([buildEvent({ subject: campaign(6) })]);
      await recordUntilDry(deps);
      await db.query('update counters_total set views = 9223372036854775807 where subject_id = 6');
      await place.log.append([buildEvent({ subject: campaign(6) }), buildEvent({ subject: campaign(7) })]);
      await recordUntilDry(deps);
      assert.equal(await views(7), 1);
      await db.query('update counters_total set views = 1 where subject_id = 6');
      assert.deepEqual(await replayParked(db, undefined), { replayed: 1, still: 0, unreadable: 3 });
      assert.equal(await views(6), 2);
      await check();
    });

    test('an id that came through the other log counts once over both', { skip }, async () => {
      const other = await openTestLog(database);
      const [one, two, three] = [1, 2, 3].map(() => buildEvent({ subject: campaign(8) }));
      const through = { db: database.db, log: other, logger: testLog };
      await other.append([one!, two!]);
      await place.log.append([two!, three!]);
      await recordUntilDry(deps);
      assert.deepEqual(
        (await other.append([three!])).map((outcome) => outcome.status),
        ['duplicate'],
      );
      await countUntilDry(through);
      assert.equal(await views(8), 3);
      await other.close();
      await check();
    });

    test('retention verifies, seals and drops what came out of the log', { skip }, async () => {
      const old = Date.now() - 20 * DAY_MS;
      const events = Array.from({ length: 30 }, (_, at) =>
        buildEvent({ id: eventIdAt(old + at), subject: campaign(9), occurredAt: old, receivedAt: old }),
      );
      await place.log.append(events);
      await recordUntilDry(deps);
      const { signal } = new AbortController();
      const options = { retentionDays: 10, now: Date.now(), logger: testLog, signal };
      const report = await applyRetention(database.db, options);
      assert.deepEqual([report.events, report.held], [30, []]);
      assert.equal(await views(9), 30);
      await check();
    });
  });
}

describe('recording out of Kafka', () => {
  test('records of others, and what is no event, are parked; the rest counts', {
    skip: withoutKafka,
  }, async (t) => {
    const database = await openTestDatabase();
    const settings = testTopic({ partitions: 1 });
    const { log, close } = await kafka(database, settings);
    t.after(async () => {
      await close();
      await database.close();
    });
    const { db } = database;
    await registerPartitions(db, log);
    await log.append([buildEvent()]);
    await produceRaw(settings, [Buffer.from('\u0000'), Buffer.from('{"v":99}')]);
    await log.append([buildEvent()]);
    const rows = createRawRows(db);
    assert.equal(await recordUntilDry({ db, log, rows, logger: testLog }), 4);
    const letters = await listParked(db, 10);
    assert.deepEqual(
      letters.map((letter) => [letter.reason, letter.payload.record]),
      [
        ['unreadable', 'AA=='],
        ['unreadable', Buffer.from('{"v":99}').toString('base64')],
      ],
    );
  });

  test('what Kafka deleted before it was counted is parked as a gap, and counting goes on', {
    skip: withoutKafka,
  }, async (t) => {
    const database = await openTestDatabase();
    const settings = testTopic({ partitions: 1 });
    const { log, close } = await kafka(database, settings);
    t.after(async () => {
      await close();
      await database.close();
    });
    const { db } = database;
    const deps = { db, log, rows: createRawRows(db), logger: testLog };
    await registerPartitions(db, log);
    await log.append([buildEvent()]);
    await recordUntilDry(deps);
    for (let n = 0; n < 5; n += 1) await log.append([buildEvent()]);
    await deleteRecordsBefore(settings, 4);
    await recordUntilDry(deps);
    const letters = await listParked(db, 10);
    assert.deepEqual(
      letters.map(({ reason, payload }) => [reason, payload.from, payload.to]),
      [['log_gap', 1, 3]],
    );
    const [row] = await db.query<{ views: number }>('select sum(views)::int8 as views from counters_total');
    assert.equal(row?.views, 3);
    await checkNumbers(database);
  });

  test('a log that is not read any more holds complete_through back until it is left', {
    skip: withoutKafka,
  }, async (t) => {
    const database = await openTestDatabase();
    const { log, close } = await kafka(database);
    t.after(async () => {
      await close();
      await database.close();
    });
    const { db } = database;
    const deps = { db, log, rows: createRawRows(db), logger: testLog };
    await registerPartitions(db, log);
    await log.append([buildEvent()]);
    assert.equal(await findRecordLag(deps), 1);
    // Registered when it held an event already: it promises nothing yet.
    assert.equal((await listSources(db))[0]?.complete_through.getTime(), 0);
    await recordUntilDry(deps);
    const left = async () => (await listSources(db)).map((one) => one.source);
    assert.deepEqual(await left(), [log.identity]);
    assert.deepEqual([await leaveLog(db, 'unknown'), await leaveLog(db, log.identity)], [false, true]);
    assert.deepEqual(await left(), []);
    // Named again, it promises nothing before its end was read, and goes on where it was.
    await registerPartitions(db, log);
    assert.deepEqual(await left(), [log.identity]);
    await log.append([buildEvent()]);
    assert.equal(await recordUntilDry(deps), 1);
  });
});

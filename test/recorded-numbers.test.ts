import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { UUID } from 'mongodb';
import { type MongoRaw, openMongoRaw } from '../src/engines/mongodb/mongo-raw.ts';
import { createLaneReader } from '../src/engines/postgres/lane-reader.ts';
import type { Event, EventType } from '../src/events/event.ts';
import { countUntilDry } from '../src/pipeline/aggregate/index.ts';
import { listRawParked, readRawEnds, recordRawUntilDry } from '../src/pipeline/raw-recorder/index.ts';
import { applyRetention } from '../src/pipeline/retention/index.ts';
import { isClean, type Recorded, verify } from '../src/pipeline/verify/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { createRandom } from '../src/proof/random.ts';
import { actorNumber, buildEvent, eventIdAt } from './support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from './support/database.ts';
import { openTestMongo, type TestMongo, withoutMongo } from './support/mongodb.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const RETENTION = 90;
const TYPES: EventType[] = ['view', 'true_view', 'click'];
const today = Math.floor(Date.now() / DAY_MS);

describe('numbers out of MongoDB', { skip: withoutMongo }, () => {
  let database: TestDatabase;
  let mongo: TestMongo;
  let log: EventLog;
  let raw: MongoRaw;
  let deps: Parameters<typeof recordRawUntilDry>[0];
  let recorded: Recorded;
  before(async () => {
    database = await openTestDatabase();
    mongo = await openTestMongo();
    log = await openTestLog(database);
    raw = await openMongoRaw({ url: mongo.url, log: testLog });
    const { db } = database;
    deps = { db, log: createLaneReader(db), recording: raw.recording, logger: testLog };
    recorded = {
      recording: raw.recording,
      log: deps.log,
      reach: () => recordRawUntilDry(deps),
      readEnds: () => readRawEnds(deps),
      listParked: () => listRawParked(db),
      logger: testLog,
    };
    await fill();
  });
  after(async () => {
    await raw?.close();
    await log?.close();
    await mongo?.close();
    await database?.close();
  });

  const count = () => countUntilDry({ db: database.db, log, logger: testLog });
  const check = (parts: { repair?: boolean; recorded?: Recorded | undefined } = {}) =>
    verify(database.db, {
      repair: false,
      recorded,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...parts,
    });
  const numbers = async () =>
    JSON.stringify(
      await Promise.all(
        ['counters_minute', 'counters_quarter', 'counters_total', 'actor_quarters'].map((table) =>
          database.db.query(`select t::text from ${table} t order by 1`),
        ),
      ),
    );
  async function breakNumbers(): Promise<void> {
    const { db } = database;
    await db.query(`update counters_minute set views = views + 3 where traffic = 0 and clicks > 0`);
    await db.query('delete from counters_quarter where subject_id = 2');
    await db.query('update counters_total set clicks = clicks * 2 + 1');
    await db.query(
      'update actor_quarters set seen = (seen % 63) + 1 where sealed_seen = 0 and subject_id = 1',
    );
    await db.query('delete from actor_quarters where sealed_seen = 0 and subject_id = 3');
  }

  /** All kinds of ids, ages, verdicts and subjects; some refused by MongoDB, some parked by counting, a day retired. */
  async function fill(): Promise<void> {
    const random = createRandom(7);
    const now = Date.now();
    const any = (n: number, parts: Partial<Event> = {}) =>
      buildEvent({
        id: n % 5 === 0 ? randomUUID() : eventIdAt(now - Math.floor(random() * 3 * DAY_MS)),
        type: TYPES[n % 3]!,
        subject: n % 7 === 0 ? { kind: 'post', id: 2 ** 40 + n } : { kind: 'campaign', id: 1 + (n % 6) },
        actor: actorNumber(Math.floor(random() * 40)),
        occurredAt: now - Math.floor(random() * 60 * HOUR_MS),
        verdict: random() < 0.2 ? { valid: false, rule: 'bot', ruleVersion: 1 } : { valid: true },
        ...parts,
      });
    const old = (today - RETENTION - 2) * DAY_MS;
    const aged = (id: string, n: number) =>
      any(n, { id, day: n % 2 ? old / DAY_MS : -1, occurredAt: now - 30 * HOUR_MS, receivedAt: old + n });
    await log.append([any(2, { id: eventIdAt(now) })]);
    await log.append(Array.from({ length: 60 }, (_, n) => aged(n % 2 ? eventIdAt(old) : randomUUID(), n)));
    await recordRawUntilDry(deps);
    await mongo.refuse(today, 666);
    await log.append([any(1, { id: eventIdAt(now), subject: { kind: 'campaign', id: 666 } })]);
    await log.append(Array.from({ length: 1_500 }, (_, n) => any(n)));
    await count();
    await recordRawUntilDry(deps);
    // Sealed in PostgreSQL, and still there in MongoDB: as where retention ends between the two.
    const retired = await applyRetention(database.db, {
      retentionDays: RETENTION,
      now,
      logger: testLog,
      signal: new AbortController().signal,
    });
    assert.deepEqual(retired, { partitions: 1, events: 60, held: [] });
    const [parked] = await database.db.query<{ id: string }>(
      `select event_id as id from event_log where subject_id = 4 order by event_id limit 1`,
    );
    await database.db.query(
      `insert into dead_letters (origin, reason, detail, payload) values ('aggregate', 'uncountable', '', $1)`,
      [{ event_id: parked!.id }],
    );
    await check({ repair: true, recorded: undefined });
    // Recorded and not counted.
    await log.append(Array.from({ length: 50 }, (_, n) => any(n)));
    await recordRawUntilDry(deps);
  }

  test('counters and sets made anew out of MongoDB, and out of the log, are those that were live, bit for bit', async () => {
    const live = await numbers();
    assert.ok(isClean(await check()));
    for (const [source, expected] of [
      [recorded, true],
      [undefined, false],
    ] as const) {
      await breakNumbers();
      assert.notEqual(await numbers(), live);
      const report = await check({ repair: true, recorded: source });
      assert.equal(report.heldDays, 0);
      assert.equal(report.fromStoreDays === report.repairedDays, expected);
      assert.equal(await numbers(), live);
    }
    assert.ok(isClean(await check()));
  });

  test('what MongoDB was made to say is reported and never made official: the log, whose seals hold, is the truth', async () => {
    const live = await numbers();
    const rows = mongo.db.collection<{ _id: UUID; subject_id: number }>(
      `events_${new Date(today * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`,
    );
    const row = (await rows.findOne({ subject_id: 2, subject_kind: 1 }))!;
    await rows.updateOne({ _id: row._id }, { $set: { subject_id: 3 } });
    await rows.insertOne({ ...row, _id: new UUID(), subject_id: 'none' as never });
    const found = (await check()).storeDifferences;
    assert.deepEqual([...new Set(found.map((one) => one.subject_id))].toSorted(), [2, 3]);
    await breakNumbers();
    const report = await check({ repair: true });
    assert.ok(report.repairedDays > report.fromStoreDays);
    assert.equal(await numbers(), live);
    assert.ok(report.storeDifferences.length > 0);
    await rows.deleteOne({ subject_id: 'none' as never });
    await rows.replaceOne({ _id: row._id }, row);
    assert.ok(isClean(await check()));
  });

  test('retention removes from MongoDB what the log has given up: a day, and the undated of that time', async () => {
    const live = await numbers();
    const undated = mongo.db.collection('events_undated');
    const kept = await undated.countDocuments({ received_at: { $gt: new Date(Date.now() - DAY_MS) } });
    assert.equal((await undated.countDocuments()) - kept, 30);
    const options = { retentionDays: RETENTION, now: Date.now(), logger: testLog, recording: raw.recording };
    await applyRetention(database.db, { ...options, signal: new AbortController().signal });
    assert.equal(await undated.countDocuments(), kept);
    assert.ok(!(await raw.recording.listDays()).includes(today - RETENTION - 2));
    assert.ok(isClean(await check()));
    assert.equal(await numbers(), live);
  });
});

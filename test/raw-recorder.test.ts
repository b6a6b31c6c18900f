import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Collection, UUID } from 'mongodb';
import { createMemoryLog } from '../src/engines/memory/memory-log.ts';
import { type MongoRaw, openMongoRaw } from '../src/engines/mongodb/mongo-raw.ts';
import { createLaneReader } from '../src/engines/postgres/lane-reader.ts';
import { createRawRows } from '../src/engines/postgres/raw-rows.ts';
import type { Event } from '../src/events/event.ts';
import { countUntilDry } from '../src/pipeline/aggregate/index.ts';
import { listParked } from '../src/pipeline/dead-letters/index.ts';
import {
  listRawParked,
  readRawEnds,
  readRawLag,
  recordRawUntilDry,
  replayRaw,
  startRawRecorder,
} from '../src/pipeline/raw-recorder/index.ts';
import { recordUntilDry, registerPartitions } from '../src/pipeline/record/index.ts';
import { applyRetention } from '../src/pipeline/retention/index.ts';
import { checkRaw, isRawClean, type RawReport } from '../src/pipeline/verify/index.ts';
import type { EventLog, LogReader } from '../src/ports/event-log.ts';
import { buildEvent, eventIdAt } from './support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from './support/database.ts';
import { openTestMongo, type TestMongo, withoutMongo } from './support/mongodb.ts';
import { until } from './support/until.ts';

const DAY_MS = 86_400_000;
const RETENTION = 90;
const today = Math.floor(Date.now() / DAY_MS);

const madeUp = (n: number) => new UUID(`00000000-0000-4000-8000-00000000000${n}`);

describe('a raw store beside the log', () => {
  const skip = withoutMongo;
  let database: TestDatabase;
  let mongo: TestMongo;
  let log: EventLog;
  let raw: MongoRaw;
  before(async () => {
    if (skip) return;
    database = await openTestDatabase();
    mongo = await openTestMongo();
    log = await openTestLog(database);
    raw = await openMongoRaw({ url: mongo.url, log: testLog });
  });
  after(async () => {
    await raw?.close();
    await log?.close();
    await mongo?.close();
    await database?.close();
  });

  const deps = (from: LogReader = log) => ({
    db: database.db,
    log: from,
    recording: raw.recording,
    logger: testLog,
  });
  const record = () => recordRawUntilDry(deps());
  const events = (count: number, parts: Partial<Event> = {}) =>
    Array.from({ length: count }, () => buildEvent(parts));
  const rowsOf = (day: number): Collection<{ _id: UUID }> => {
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
    return mongo.db.collection(`events_${date}`);
  };
  const check = async (from: LogReader = log): Promise<RawReport> =>
    checkRaw({
      log: from,
      recording: raw.recording,
      ends: await readRawEnds(deps(from)),
      parked: await listRawParked(database.db),
      firstKept: today - RETENTION - 1,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });

  test('every event of the log is there once, whoever records beside', { skip }, async () => {
    const other = await openTestLog(database);
    await Promise.all([log.append(events(3_000)), other.append(events(500))]);
    const lag = await readRawLag(deps());
    assert.deepEqual([lag.lag_events, lag.lag_ms], [3_500, null]);
    await Promise.all([record(), record()]);
    await other.close();
    assert.equal((await readRawLag(deps())).lag_events, 0);
    assert.equal(await rowsOf(today).countDocuments(), 3_500);
    const report = await check();
    assert.deepEqual([report.events, isRawClean(report)], [3_500, true]);
  });

  test('what was recorded but not yet noted is recorded again, to the same rows', { skip }, async () => {
    await database.db.query(`update log_positions set position = 0 where reader like 'recorder:%'`);
    await record();
    assert.equal(await rowsOf(today).countDocuments(), 3_500);
    assert.ok(isRawClean(await check()));
  });

  test('an event that the store refuses is parked with its reason, and its neighbours are kept', {
    skip,
  }, async () => {
    await mongo.refuse(today, 666);
    const [bad, ...good] = [...events(1, { subject: { kind: 'campaign', id: 666 } }), ...events(20)];
    await log.append([...good.slice(0, 10), bad!, ...good.slice(10)]);
    await record();
    const letters = (await listParked(database.db, 10)).filter(({ origin }) => origin === 'raw');
    assert.deepEqual(
      letters.map(({ reason, tries, payload }) => [reason, tries, payload.event_id]),
      [['unstorable', 5, bad!.id]],
    );
    assert.match(letters[0]!.detail, /validation/);
    assert.equal(await rowsOf(today).countDocuments(), 3_520);
    const report = await check();
    assert.deepEqual([report.events, isRawClean(report)], [3_521, true]);
    assert.deepEqual(await replayRaw(deps(), undefined), { replayed: 0, still: 1 });
    await mongo.refuse(today, 0);
    assert.deepEqual(await replayRaw(deps(), undefined), { replayed: 1, still: 0 });
    assert.equal(await rowsOf(today).countDocuments(), 3_521);
    assert.ok(isRawClean(await check()));
  });

  test('a row of the log that this version cannot read is parked too', { skip }, async () => {
    const [newer] = events(1);
    await log.append([newer!, ...events(3)]);
    await database.db.query('update event_log set source = 99 where event_id = $1', [newer!.id]);
    await record();
    const [letter] = (await listParked(database.db, 10)).filter(({ origin }) => origin === 'raw');
    assert.deepEqual([letter!.reason, letter!.payload.event_id], ['unreadable', newer!.id]);
    assert.equal(await rowsOf(today).countDocuments(), 3_524);
    const report = await check();
    assert.deepEqual([report.events, isRawClean(report)], [3_524, true]);
  });

  test('missing, altered and added rows are found, and none of them is mended', { skip }, async () => {
    const at = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
    const [lost, changed] = events(2, { subject: { kind: 'campaign', id: 77 }, occurredAt: at });
    await log.append([lost!, changed!]);
    await record();
    const rows = await rowsOf(today).find({ subject_id: 77 }).toArray();
    const [first, second] = rows.toSorted((a) => (a._id.toString() === lost!.id ? -1 : 1));
    await rowsOf(today).deleteOne({ _id: first!._id });
    await rowsOf(today).updateOne({ _id: second!._id }, { $set: { actor: first!._id } });
    const { _id, ...copy } = second!;
    await rowsOf(today).insertMany([copy, copy].map((one, n) => ({ ...one, _id: madeUp(n) }) as never));
    const report = await check();
    assert.deepEqual([report.missing, report.altered, report.added], [1, 1, 2]);
    assert.deepEqual(
      report.mismatches.map(({ eventId }) => eventId).toSorted(),
      [lost!.id, changed!.id].toSorted(),
    );
    assert.deepEqual(
      report.addedRows.map(({ subject_id, minute_at, logged, found }) => [
        subject_id,
        minute_at.getTime(),
        logged,
        found,
      ]),
      [[77, at, 2, 3]],
    );
    await record();
    assert.equal((await check()).missing, 1);
  });

  test('days that retention removes from the log go here too, and none before it was recorded', {
    skip,
  }, async () => {
    const old = today - RETENTION - 2;
    const oldEvent = (n: number) => {
      const at = old * DAY_MS + n;
      return buildEvent({ id: eventIdAt(at), day: old, occurredAt: at, receivedAt: at });
    };
    const oldEvents = Array.from({ length: 30 }, (_, n) => oldEvent(n));
    const counting = { db: database.db, log, logger: testLog };
    const apply = () =>
      applyRetention(database.db, {
        retentionDays: RETENTION,
        now: Date.now(),
        logger: testLog,
        signal: new AbortController().signal,
        recording: raw.recording,
      });
    await readRawEnds(deps());
    await log.append(oldEvents);
    await countUntilDry(counting);
    assert.equal((await apply()).held.length, 1);
    await log.append(Array.from({ length: 5 }, (_, n) => oldEvent(100 + n)));
    await record();
    // Recorded, but not counted.
    assert.equal((await apply()).held.length, 1);
    assert.equal(await rowsOf(old).countDocuments(), 35);
    await countUntilDry(counting);
    assert.deepEqual(await apply(), { partitions: 1, events: 35, held: [] });
    assert.equal(await rowsOf(old).countDocuments(), 0);
    assert.ok(!(await raw.recording.listDays()).includes(old));
  });

  test('a store that is emptied is filled anew from the log', { skip }, async () => {
    const recorder = startRawRecorder(deps());
    await log.append(events(1));
    await until(async () => (await readRawLag(deps())).lag_events === 0);
    await mongo.db.dropDatabase();
    await log.append(events(1));
    const [logged] = await database.db.query<{ readable: number }>(
      'select count(*) as readable from event_log where source <> 99',
    );
    await until(async () => (await rowsOf(today).countDocuments()) === logged!.readable);
    await recorder.close();
    await record();
    assert.ok(await rowsOf(today).indexExists('raw_explorer'));
    assert.deepEqual(
      await database.db.query(
        `select count(distinct reader) as n from log_positions where reader like 'recorder:%'`,
      ),
      [{ n: 1 }],
    );
    assert.ok(isRawClean(await check()));
  });

  test('what was counted out of another log is copied too', { skip }, async () => {
    const { db } = database;
    const other = { ...createMemoryLog({ keepsCopies: true }), identity: 'another', clock: log.clock };
    await registerPartitions(db, other);
    const twice = events(40, { subject: { kind: 'campaign', id: 99 } });
    await other.append([...twice, ...twice]);
    await recordUntilDry({ db, log: other, rows: createRawRows(db), logger: testLog });
    const every = createLaneReader(db);
    await recordRawUntilDry(deps(every));
    assert.equal(await rowsOf(today).countDocuments({ subject_id: 99 } as never), 40);
    assert.ok(isRawClean(await check(every)));
  });

  test('of a log that keeps copies the first one is recorded, and the later ones are no difference', {
    skip,
  }, async () => {
    const copies = createMemoryLog({ keepsCopies: true });
    const twice = events(5, { subject: { kind: 'campaign', id: 88 } });
    await copies.append(twice);
    await copies.append(twice.map((event) => ({ ...event, actor: madeUp(3).toString() })));
    await recordRawUntilDry(deps(copies));
    assert.equal(await rowsOf(today).countDocuments({ subject_id: 88 } as never), 5);
    const report = await check(copies);
    assert.deepEqual([report.events, report.missing, report.altered], [10, 0, 0]);
  });
});

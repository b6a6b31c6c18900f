import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Collection, type Document, UUID } from 'mongodb';
import { type MongoRaw, openMongoRaw } from '../../src/engines/mongodb/mongo-raw.ts';
import { createLaneReader } from '../../src/engines/postgres/lane-reader.ts';
import type { EventType } from '../../src/events/event.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { listRawParked, readRawEnds, recordRawUntilDry } from '../../src/pipeline/raw-recorder/index.ts';
import { type Recorded, readCheckState, startBackgroundCheck } from '../../src/pipeline/verify/index.ts';
import { createRandom } from '../../src/proof/random.ts';
import { actorNumber, buildEvent, eventIdAt } from '../support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from '../support/database.ts';
import { openTestMongo, type TestMongo, withoutMongo } from '../support/mongodb.ts';
import { until } from '../support/until.ts';

const ALTERATIONS = 100;
const DAY_MS = 86_400_000;
const TYPES: EventType[] = ['view', 'true_view', 'click'];
const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = createRandom(seed);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

type Rows = Collection<Document & { _id: UUID }>;

/** Each returns the id that must be named. */
const ALTERATION = {
  removed: async (rows: Rows, row: Document & { _id: UUID }) => {
    await rows.deleteOne({ _id: row._id });
    return row._id;
  },
  changed: async (rows: Rows, row: Document & { _id: UUID }) => {
    const change = pick([
      { type: (row.type % 3) + 1 },
      { subject_id: row.subject_id + 1 },
      { actor: new UUID() },
      { rule: row.rule === 0 ? 1 : 0 },
      { occurred_at: new Date(row.occurred_at.getTime() - 1) },
      { user_agent: 'somebody else' },
      { note: 'more than there was' },
      { position: 'nowhere' },
      { partition: 99 },
    ]);
    await rows.updateOne({ _id: row._id }, { $set: change });
    return row._id;
  },
  added: async (rows: Rows, row: Document & { _id: UUID }) => {
    const _id = new UUID();
    await rows.insertOne({ ...row, _id, actor: new UUID(), occurred_at: new Date() });
    return _id;
  },
  doubled: async (rows: Rows, row: Document & { _id: UUID }) => {
    const _id = new UUID();
    await rows.insertOne({ ...row, _id });
    return _id;
  },
};

describe(`rows of MongoDB that are altered behind our back (FAULT_SEED=${seed})`, {
  skip: withoutMongo,
}, () => {
  let database: TestDatabase;
  let mongo: TestMongo;
  let raw: MongoRaw;
  let recorded: Recorded;
  before(async () => {
    database = await openTestDatabase();
    mongo = await openTestMongo();
    const { db } = database;
    raw = await openMongoRaw({ url: mongo.url, log: testLog });
    const deps = { db, log: createLaneReader(db), recording: raw.recording, logger: testLog };
    recorded = {
      recording: raw.recording,
      log: deps.log,
      reach: () => recordRawUntilDry(deps),
      readEnds: () => readRawEnds(deps),
      listParked: () => listRawParked(db),
      logger: testLog,
    };
    const log = await openTestLog(database);
    const now = Date.now();
    // Of today, of days before, and without a day.
    const ids = [() => eventIdAt(now), () => eventIdAt(now - Math.floor(random() * 6) * DAY_MS), randomUUID];
    await log.append(
      Array.from({ length: 4_000 }, (_, n) =>
        buildEvent({
          id: ids[n % 3]!(),
          type: TYPES[n % 3]!,
          subject: { kind: 'campaign', id: 1 + (n % 9) },
          actor: actorNumber(n % 60),
          verdict: random() < 0.1 ? { valid: false, rule: 'bot', ruleVersion: 1 } : { valid: true },
        }),
      ),
    );
    await countUntilDry({ db, log, logger: testLog });
    await recordRawUntilDry(deps);
    await log.close();
  });
  after(async () => {
    await raw?.close();
    await mongo?.close();
    await database?.close();
  });

  const days = async () =>
    (await mongo.db.listCollections({ name: /^events_/ }).toArray()).map(({ name }) =>
      mongo.db.collection(name),
    ) as Rows[];
  const openKeys = async () => {
    const rows = await database.db.query<{ key: string; detail: { problem?: string } }>(
      `select key, detail from findings where kind = 'raw_store' and settled_at is null`,
    );
    return rows.map(({ key, detail }) => [key.split('event ')[1] ?? '', detail.problem ?? 'block'] as const);
  };
  async function whileChecking(holds: () => Promise<boolean>): Promise<void> {
    const { db } = database;
    const background = startBackgroundCheck({ db, logger: testLog, now: Date.now, recorded: () => recorded });
    try {
      await until(holds, 60_000);
    } finally {
      await background.close();
    }
  }

  test(`${ALTERATIONS} of them are found, each by its id, and none is mended; put right, nothing is open`, async () => {
    const { db } = database;
    await whileChecking(async () =>
      (await readCheckState(db)).passes.some(
        ({ name, finished_at }) => name === 'raw store' && finished_at !== null,
      ),
    );
    assert.deepEqual(await openKeys(), []);
    const collections = await days();
    const was = await Promise.all(collections.map((rows) => rows.find().sort({ _id: 1 }).toArray()));
    const altered = new Map<string, string>();
    const touched = new Set<string>();
    while (altered.size < ALTERATIONS) {
      const at = Math.floor(random() * collections.length);
      const row = pick(was[at]!);
      if (touched.has(row._id.toString())) continue;
      touched.add(row._id.toString());
      const how = pick(['removed', 'changed', 'added', 'doubled'] as const);
      const id = await ALTERATION[how](collections[at]!, row);
      altered.set(id.toString(), how === 'removed' ? 'missing' : how === 'changed' ? 'altered' : 'added');
    }
    const spoiled = await Promise.all(collections.map((rows) => rows.find().sort({ _id: 1 }).toArray()));
    await whileChecking(async () => {
      const found = new Map(await openKeys());
      return [...altered].every(([id, problem]) => found.get(id) === problem);
    });
    assert.deepEqual(
      (await openKeys()).map(([id]) => id).filter((id) => id !== '' && !altered.has(id)),
      [],
    );
    assert.equal((await readCheckState(db)).open.raw_store! >= ALTERATIONS, true);
    assert.deepEqual(
      await Promise.all(collections.map((rows) => rows.find().sort({ _id: 1 }).toArray())),
      spoiled,
    );
    for (const [at, rows] of collections.entries()) {
      await rows.deleteMany({});
      await rows.insertMany(was[at]!);
    }
    await whileChecking(async () => (await openKeys()).length === 0);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Document } from 'mongodb';
import { type MongoRaw, openMongoRaw } from '../src/engines/mongodb/mongo-raw.ts';
import { actorNumber, buildEvent, eventIdAt } from './support/builders.ts';
import { testLog } from './support/database.ts';
import { collect, openTestMongo, type TestMongo, withoutMongo } from './support/mongodb.ts';

const PLACE = { log: 'postgres', partition: 1 };
const ROWS = 900;
const DAY_MS = 86_400_000;
const subject = (id: number) => ({ kind: 'campaign' as const, id });

describe('indexes of MongoDB', { skip: withoutMongo }, () => {
  let mongo: TestMongo;
  let raw: MongoRaw;
  const now = Date.now();
  const today = Math.floor(now / DAY_MS);
  const events = Array.from({ length: ROWS }, (_, n) =>
    buildEvent({
      id: n % 3 === 0 ? randomUUID() : eventIdAt(n % 3 === 1 ? now : now - DAY_MS),
      subject: subject(n % 90),
      type: n % 9 === 0 ? 'click' : 'view',
      member: n % 2 === 0,
      actor: actorNumber(n % 50),
      occurredAt: now - n * 1_000,
      receivedAt: now - n * 60_000,
    }),
  );
  before(async () => {
    mongo = await openTestMongo();
    raw = await openMongoRaw({ url: mongo.url, log: testLog });
    await raw.recording.record(
      PLACE,
      events.map((event, at) => ({ event, position: at + 1 })),
    );
  });
  after(async () => {
    await raw?.close();
    await mongo?.close();
  });

  /** What the server's planner did for each command on events that this work sends. */
  async function plansOf(work: () => Promise<unknown>): Promise<Document[]> {
    const { db } = mongo;
    await db.command({ profile: 2 });
    await work();
    await db.command({ profile: 0 });
    const plans = await db
      .collection('system.profile')
      .find({ ns: /\.events_/, op: { $in: ['query', 'command', 'remove'] } })
      .toArray();
    await db.collection('system.profile').drop();
    return plans;
  }
  /** Explained again by the server itself: every stage that reads, of the command and of each part of a union. */
  async function explain(plan: Document): Promise<Document[]> {
    const { lsid: _, $clusterTime: __, $db: ___, cursor: ____, ...command } = plan.command;
    const shape = command.aggregate ? { ...command, cursor: {} } : command.q ? toDelete(plan) : command;
    const explained = await mongo.db.command({ explain: withoutReads(shape), verbosity: 'executionStats' });
    return findStages(explained);
  }

  const cases: readonly [string, string, () => Promise<unknown>][] = [
    ['the raw explorer', 'raw_explorer', () => list({})],
    [
      'a page of an export',
      'raw_explorer',
      () => list({ after: { occurredAt: new Date(now - 5_000), eventId: randomUUID() } }),
    ],
    [
      'the raw explorer in a range of time',
      'raw_explorer',
      () => list({ from: new Date(now - 60_000), to: new Date(now) }),
    ],
    [
      'uniques of edges',
      'raw_explorer',
      () => raw.listActors(subject(1), new Date(now - 3_600_000), new Date(now), 100),
    ],
    ['GET /campaigns/history', 'member_clicks', () => raw.countMemberClickers(new Date(now - 60_000))],
    [
      'comparing rows with the log',
      '_id_',
      () =>
        raw.recording.check(
          PLACE,
          events.slice(0, 30).map((event, at) => ({ event, position: at + 1 })),
        ),
    ],
    [
      'undated rows of the last day',
      'retention',
      () => collect(raw.recording.digestBlocks({ day: -1, ends: [], receivedFrom: new Date(now - 600_000) })),
    ],
    ['retention of undated rows', 'retention', () => raw.recording.dropUndated(new Date(now - 890 * 60_000))],
  ];
  const list = (parts: object) =>
    raw.listEvents(
      {
        subject: subject(1),
        from: undefined,
        to: undefined,
        type: undefined,
        traffic: 'all',
        eventId: undefined,
        after: undefined,
        ...parts,
      },
      10,
    );

  for (const [name, index, work] of cases) {
    test(`${name}: by ${index}, and no collection is read whole`, async () => {
      const plans = await plansOf(work);
      assert.ok(plans.length > 0);
      const stages = (await Promise.all(plans.map(explain))).flat();
      const used = new Set(
        stages.flatMap((stage) => stage.indexName ?? (stage.stage === 'IDHACK' ? '_id_' : [])),
      );
      assert.deepEqual(
        [stages.filter(({ stage }) => stage === 'COLLSCAN').length, used.has(index)],
        [0, true],
      );
      for (const plan of plans)
        assert.ok((plan.docsExamined ?? 0) <= ROWS / 10, JSON.stringify(plan.planSummary));
    });
  }

  test('each day has those, each named for what it serves, and no other', async () => {
    const names = async (day: string) =>
      (await mongo.db.collection(day).indexes()).map(({ name }) => name).toSorted();
    const date = new Date(today * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '');
    assert.deepEqual(await names(`events_${date}`), ['_id_', 'member_clicks', 'raw_explorer']);
    assert.deepEqual(await names('events_undated'), ['_id_', 'member_clicks', 'raw_explorer', 'retention']);
  });
});

/** The profiler shows the one statement of a removal; explaining takes the command around it. */
function toDelete({ ns, command }: Document): Document {
  return { delete: ns.split('.')[1], deletes: [{ q: command.q, limit: command.limit }] };
}

/** What an explain takes no option of. */
function withoutReads({ readConcern: _, writeConcern: __, maxTimeMS: ___, ...command }: Document): Document {
  return command;
}

/** Every object with a `stage`, wherever it lies in an explanation. */
function findStages(explained: unknown): Document[] {
  if (typeof explained !== 'object' || explained === null) return [];
  const own = 'stage' in explained && typeof explained.stage === 'string' ? [explained] : [];
  const { rejectedPlans: _, ...rest } = explained as Document;
  return [...own, ...Object.values(rest).flatMap(findStages)];
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { UUID } from 'mongodb';
import { openMongoRaw } from '../../src/engines/mongodb/mongo-raw.ts';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { createPostgresRaw } from '../../src/engines/postgres/postgres-raw.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { EngineError } from '../../src/kit/errors.ts';
import { digestLogBlocks } from '../../src/pipeline/verify/row-digests.queries.ts';
import type { LogEnd, RawFilter, RawStore, RefusedEvent } from '../../src/ports/raw-store.ts';
import { actorNumber, buildEvent, eventIdAt } from '../support/builders.ts';
import { openTestDatabase, openTestLog, testLog } from '../support/database.ts';
import { collect, openTestMongo, withoutMongo } from '../support/mongodb.ts';
import { findFreePort } from '../support/weir.ts';

interface Engine {
  readonly raw: RawStore;
  readonly record: (events: readonly Event[]) => Promise<unknown>;
  /** From now on the store refuses events of that subject and day. */
  readonly refuse?: (event: Event) => Promise<void>;
  /** Behind what is recorded by now. */
  readonly end?: () => Promise<LogEnd>;
  readonly close: () => Promise<void>;
}

async function postgres(): Promise<Engine> {
  const database = await openTestDatabase();
  const { db, url } = database;
  const log = await openPostgresLog({ db, directUrl: url, clock: systemClock, log: testLog, writes: true });
  return {
    raw: createPostgresRaw(db),
    record: log.append,
    close: async () => {
      await log.close();
      await database.close();
    },
  };
}

async function mongodb(): Promise<Engine> {
  const database = await openTestMongo();
  const raw = await openMongoRaw({ url: database.url, log: testLog });
  let recorded = 0;
  return {
    raw,
    record: (events) => {
      const first = recorded + 1;
      recorded += events.length;
      return raw.recording.record(
        PLACE,
        events.map((event, at) => ({ event, position: first + at })),
      );
    },
    end: async () => ({ ...PLACE, position: recorded }),
    refuse: (event) => database.refuse(event.day, event.subject.id),
    close: async () => {
      await raw.close();
      await database.close();
    },
  };
}

const PLACE = { log: 'postgres', partition: 1 };

const subject = (id: number) => ({ kind: 'campaign' as const, id });
const everything = (id: number): RawFilter => ({
  subject: subject(id),
  from: undefined,
  to: undefined,
  type: undefined,
  traffic: 'all',
  eventId: undefined,
  after: undefined,
});

for (const [name, open] of Object.entries({ postgres, mongodb })) {
  describe(`raw store: ${name}`, () => {
    const skip = name === 'mongodb' && withoutMongo;
    let engine: Engine;
    before(async () => {
      if (!skip) engine = await open();
    });
    after(() => engine?.close());

    test('RS-1 an event that is recorded twice is there once', { skip }, async () => {
      const event = buildEvent({ subject: subject(1) });
      await engine.record([event]);
      await engine.record([event]);
      const rows = await engine.raw.listEvents(everything(1), 10);
      assert.deepEqual(
        rows.map((row) => [row.event_id, row.type, row.verdict, row.occurred_at.getTime()]),
        [[event.id, 'view', 'valid', event.occurredAt]],
      );
    });

    test('RS-2 pages lose and double nothing while newer events come', { skip }, async () => {
      const now = Date.now();
      const events = Array.from({ length: 25 }, (_, at) =>
        buildEvent({ subject: subject(2), occurredAt: now - (at % 5) }),
      );
      await engine.record(events);
      const seen: string[] = [];
      for (let after: RawFilter['after']; ; ) {
        const rows = await engine.raw.listEvents({ ...everything(2), after }, 4);
        const last = rows.at(-1);
        if (!last) break;
        seen.push(...rows.map((row) => row.event_id));
        after = { occurredAt: last.occurred_at, eventId: last.event_id };
        await engine.record([buildEvent({ subject: subject(2), occurredAt: now + 1_000 })]);
      }
      assert.deepEqual([...seen].sort(), events.map((event) => event.id).sort());
    });

    test('a filter shows what it names and nothing else', { skip }, async () => {
      const at = Date.parse('2026-05-01T00:00:00Z');
      const view = buildEvent({ subject: subject(3), occurredAt: at });
      const bot = buildEvent({
        subject: subject(3),
        type: 'click',
        occurredAt: at + 60_000,
        verdict: { valid: false, rule: 'bot', ruleVersion: 1 },
      });
      await engine.record([view, bot]);
      const ids = async (parts: Partial<RawFilter>) =>
        (await engine.raw.listEvents({ ...everything(3), ...parts }, 10)).map((row) => row.event_id);
      assert.deepEqual(await ids({ traffic: 'valid' }), [view.id]);
      assert.deepEqual(await ids({ traffic: 'invalid' }), [bot.id]);
      assert.deepEqual(await ids({ type: 'click' }), [bot.id]);
      assert.deepEqual(await ids({ eventId: view.id }), [view.id]);
      assert.deepEqual(await ids({ from: new Date(at + 60_000) }), [bot.id]);
      assert.deepEqual(await ids({ to: new Date(at + 60_000) }), [view.id]);
    });

    test('RS-3 an actor is one however many events it has, in each minute by what it did', {
      skip,
    }, async () => {
      const at = Date.parse('2026-05-01T00:00:00Z');
      const deed = (parts: Partial<Event>) =>
        buildEvent({ subject: subject(4), occurredAt: at, actor: actorNumber(1), ...parts });
      await engine.record([
        deed({}),
        deed({}),
        deed({ type: 'click' }),
        deed({ actor: actorNumber(2), verdict: { valid: false, rule: 'repeat', ruleVersion: 1 } }),
        deed({ occurredAt: at + 60_000 }),
      ]);
      const rows = await engine.raw.listActors(subject(4), new Date(at), new Date(at + 120_000), 10);
      assert.deepEqual(
        rows.map((row) => [row.minute_at.getTime() - at, row.actor, row.seen]).sort(),
        [
          [0, actorNumber(1), 1 | 4],
          [0, actorNumber(2), 8],
          [60_000, actorNumber(1), 1],
        ].sort(),
      );
    });

    test('RS-3 members who clicked are counted once each; visitors and invalid clicks are not', {
      skip,
    }, async () => {
      const click = (parts: Partial<Event>) =>
        buildEvent({ subject: subject(5), type: 'click', member: true, ...parts });
      await engine.record([
        click({ actor: actorNumber(1) }),
        click({ actor: actorNumber(1) }),
        click({ actor: actorNumber(2) }),
        click({ actor: actorNumber(3), member: false }),
        click({ actor: actorNumber(4), verdict: { valid: false, rule: 'bot', ruleVersion: 1 } }),
        click({ actor: actorNumber(5), occurredAt: Date.now() - 90_000_000 }),
      ]);
      const rows = await engine.raw.countMemberClickers(new Date(Date.now() - 86_400_000));
      assert.deepEqual(rows, [{ campaign_id: 5, count: 2 }]);
    });

    test('RS-4 an address comes as it was sealed', { skip }, async () => {
      const address = { network: '203.0.113.0/24', hash: Buffer.alloc(8, 1), sealed: Buffer.alloc(16, 2) };
      await engine.record([buildEvent({ subject: subject(6), address })]);
      await engine.record([buildEvent({ subject: subject(6), address: undefined, occurredAt: 0 })]);
      const rows = await engine.raw.listEvents(everything(6), 10);
      assert.deepEqual(
        rows.map((row) => [row.network, row.address_sealed]),
        [
          [address.network, address.sealed],
          [null, null],
        ],
      );
    });

    test('RS-2 pages go on through days, undated ids and ties of the instant', { skip }, async () => {
      const now = Date.now();
      const events = Array.from({ length: 40 }, (_, at) => {
        const occurredAt = now - (at % 8) * 86_400_000 * (at % 3);
        const id = at % 4 === 0 ? randomUUID() : eventIdAt(now - (at % 8) * 86_400_000);
        return buildEvent({ id, subject: subject(7), occurredAt });
      });
      await engine.record(events);
      const seen: string[] = [];
      for (let after: RawFilter['after']; ; ) {
        const rows = await engine.raw.listEvents({ ...everything(7), after }, 3);
        const last = rows.at(-1);
        if (!last) break;
        seen.push(...rows.map((row) => row.event_id));
        after = { occurredAt: last.occurred_at, eventId: last.event_id };
      }
      const newestFirst = events.toSorted((a, b) => b.occurredAt - a.occurredAt || (a.id < b.id ? 1 : -1));
      assert.deepEqual(
        seen,
        newestFirst.map((event) => event.id),
      );
    });

    test('RS-6 the first copy of an event stays as it was', { skip }, async () => {
      const event = buildEvent({ subject: subject(8), occurredAt: Date.parse('2026-05-01T00:00:00Z') });
      await engine.record([event]);
      await engine.record([{ ...event, actor: actorNumber(9), occurredAt: event.occurredAt + 1 }, event]);
      const rows = await engine.raw.listEvents(everything(8), 10);
      assert.deepEqual(
        rows.map((row) => [row.actor, row.occurred_at.getTime()]),
        [[event.actor, event.occurredAt]],
      );
    });

    test('RS-7 an event that cannot be stored is refused alone', {
      skip: skip || name === 'postgres',
    }, async () => {
      const [good, bad, alsoGood] = [9, 10, 9].map((id) => buildEvent({ subject: subject(id) }));
      await engine.record([good!]);
      await engine.refuse?.(bad!);
      const refused = await engine.record([bad!, alsoGood!, good!]);
      assert.deepEqual(
        (refused as RefusedEvent[]).map(({ event, reason }) => [event.id, reason !== '']),
        [[bad!.id, true]],
      );
      assert.equal((await engine.raw.listEvents(everything(9), 10)).length, 2);
    });

    const counted = skip || (name === 'postgres' && 'counting and its recount read these rows in place');

    test('RS-9 sums by minute and sets by quarter are what counting the rows gives, up to the ends', {
      skip: counted,
    }, async () => {
      const at = Date.parse('2026-05-02T10:14:59Z');
      const day = Math.floor(at / 86_400_000);
      const deed = (parts: Partial<Event>) =>
        buildEvent({
          id: eventIdAt(at),
          subject: subject(11),
          actor: actorNumber(1),
          occurredAt: at,
          ...parts,
        });
      const invalid = { valid: false, rule: 'repeat', ruleVersion: 1 } as const;
      const parked = deed({});
      await engine.record([
        deed({}),
        deed({ type: 'click' }),
        deed({ type: 'true_view', verdict: invalid }),
        deed({ actor: actorNumber(2), occurredAt: at + 1_000 }),
        parked,
      ]);
      const end = await engine.end!();
      await engine.record([deed({ actor: actorNumber(3) }), deed({ occurredAt: at - 3_600_000 })]);
      const range = { from: new Date('2026-05-02T10:00:00Z'), to: new Date('2026-05-02T10:30:00Z') };
      const { recording } = engine.raw;
      assert.ok((await recording!.listDaysOf(range.from, range.to)).includes(day));
      assert.ok(
        !(await recording!.listDaysOf(new Date(at + 3_600_000), new Date(at + 7_200_000))).includes(day),
      );
      const rows = { ...range, day, ends: [end], without: [parked.id] };
      const sums = await collect(recording!.sumMinutes(rows));
      assert.deepEqual(
        sums
          .map((one) =>
            [
              one.subject_id,
              one.bucket_at.toISOString().slice(11, 16),
              one.traffic,
              one.views,
              one.true_views,
              one.clicks,
            ].join(' '),
          )
          .toSorted(),
        ['11 10:14 0 1 0 1', '11 10:14 1 0 1 0', '11 10:15 0 1 0 0'],
      );
      const sets = await collect(recording!.listActorQuarters(rows));
      assert.deepEqual(
        sets
          .map((one) => [one.bucket_at.toISOString().slice(11, 16), one.actor, one.seen].join(' '))
          .toSorted(),
        [`10:00 ${actorNumber(1)} ${1 | 4 | 16}`, `10:15 ${actorNumber(2)} 1`],
      );
    });

    test('RS-10 the digest of a block is that of the log’s rows, and another where any field is', {
      skip: counted,
    }, async () => {
      const database = await openTestDatabase();
      const log = await openTestLog(database);
      const at = Date.parse('2026-05-03T10:00:00Z');
      const day = Math.floor(at / 86_400_000);
      const event = (parts: Partial<Event>) =>
        buildEvent({ id: eventIdAt(at), subject: subject(12), ...parts });
      const address = { network: '2001:db8::/48', hash: Buffer.alloc(8, 1), sealed: Buffer.alloc(300, 2) };
      const events = [
        event({}),
        event({ address, userAgent: 'ü안녕'.repeat(40), referrer: '', page: 'x', member: true, flags: 3 }),
        event({ subject: { kind: 'post', id: 2 ** 45 + 1 }, occurredAt: 1_234_567, userAgent: undefined }),
        event({ verdict: { valid: false, rule: 'bot', ruleVersion: 300 }, source: 'import', type: 'click' }),
      ];
      await log.append(events);
      const digest = async (among: readonly Event[]) => {
        const { events: logged } = await log.read(1, 0, 100);
        await engine.raw.recording!.dropDay(day).catch(() => undefined);
        await engine.raw.recording!.record(
          PLACE,
          logged.map(({ position, event }) => ({
            position,
            event: among.find(({ id }) => id === event.id)!,
          })),
        );
        return collect(engine.raw.recording!.digestBlocks({ day, ends: [] }));
      };
      const ends = [{ ...PLACE, position: 100 }];
      assert.deepEqual(await digest(events), await digestLogBlocks(database.db, 'postgres', { day, ends }));
      const was = (await digest(events))[0]!.digest;
      for (const change of [
        { type: 'true_view' },
        { actor: actorNumber(5) },
        { receivedAt: 1 },
        { referrer: 'y' },
        { flags: 0 },
        { member: false },
        { address: undefined },
        { source: 'pixel' },
      ] as const)
        assert.notEqual((await digest(events.with(1, { ...events[1]!, ...change })))[0]!.digest, was);
      await log.close();
      await database.close();
    });
  });
}

describe('raw store: what was done to it behind its back', () => {
  const skip = withoutMongo;

  test('RS-8 missing, altered and added rows are found, each by its id or its minute', { skip }, async () => {
    const database = await openTestMongo();
    const raw = await openMongoRaw({ url: database.url, log: testLog });
    const { recording } = raw;
    const at = Date.parse('2026-05-01T10:00:30Z');
    const events = Array.from({ length: 6 }, (_, n) => ({
      position: n + 1,
      event: buildEvent({ id: eventIdAt(at + n), occurredAt: at, subject: subject(n % 2) }),
    }));
    const day = events[0]!.event.day;
    const ends = [{ ...PLACE, position: 5 }];
    await recording.record(PLACE, events);
    assert.deepEqual(await recording.check(PLACE, events), []);
    assert.deepEqual(await recording.listDays(), [day]);
    assert.equal(await recording.countDay(day, ends), 5);

    const rows = database.db.collection<{ _id: UUID }>('events_20260501');
    const ids = events.map(({ event }) => new UUID(event.id));
    await rows.deleteOne({ _id: ids[0]! });
    await rows.updateOne({ _id: ids[1]! }, { $set: { rule: 2 } });
    await rows.updateOne({ _id: ids[2]! }, { $set: { note: 'more than there was' } });
    const { _id, ...copy } = (await rows.findOne({ _id: ids[3]! }))!;
    await rows.insertOne({ _id: new UUID(), ...copy });
    const found = await recording.check(PLACE, events);
    assert.deepEqual(
      found.map(({ eventId, problem }) => [events.findIndex(({ event }) => event.id === eventId), problem]),
      [
        [0, 'missing'],
        [1, 'altered'],
        [2, 'altered'],
      ],
    );
    assert.equal(await recording.countDay(day, ends), 5);
    const minutes = [];
    for await (const { subject_id, minute_at, count } of recording.countMinutes(day, ends))
      minutes.push([subject_id, minute_at.toISOString(), count]);
    assert.deepEqual(minutes.toSorted(), [
      [0, '2026-05-01T10:00:00.000Z', 2],
      [1, '2026-05-01T10:00:00.000Z', 3],
    ]);

    const identity = await recording.identity();
    await recording.dropDay(day);
    assert.deepEqual(await recording.listDays(), []);
    assert.equal(await recording.identity(), identity);
    await database.db.dropDatabase();
    assert.notEqual(await recording.identity(), identity);
    await raw.close();
    await database.close();
  });

  test('a store that is not there fails within its limit, as trouble of the engine', { skip }, async () => {
    const raw = await openMongoRaw({ url: 'mongodb://127.0.0.1:1/weir', log: testLog });
    await assert.rejects(raw.listEvents(everything(1), 10), EngineError);
    await raw.close();
  });

  test('one that was not there is found once it is, and what a lost connection carried is not taken for recorded', {
    skip,
  }, async () => {
    const database = await openTestMongo();
    const { port, hostname, pathname } = new URL(database.url);
    let cuts = false;
    const gate = createServer((socket) => {
      const behind = connect(Number(port), hostname);
      socket.on('data', (sent) => {
        if (cuts && sent.includes('insert')) socket.destroy();
        else behind.write(sent);
      });
      behind.on('data', (answer) => socket.write(answer));
      for (const [one, other] of [
        [socket, behind],
        [behind, socket],
      ] as const)
        one.on('error', () => undefined).on('close', () => other.destroy());
    });
    const at = await findFreePort();
    const raw = await openMongoRaw({
      url: `mongodb://127.0.0.1:${at}${pathname}?directConnection=true`,
      log: testLog,
    });
    await assert.rejects(raw.listEvents(everything(1), 10), EngineError);
    await assert.rejects(raw.listEvents(everything(1), 10), EngineError);
    gate.listen(at, '127.0.0.1');
    await once(gate, 'listening');
    assert.deepEqual(await raw.listEvents(everything(1), 10), []);
    const event = buildEvent();
    cuts = true;
    await assert.rejects(raw.recording.record(PLACE, [{ event, position: 1 }]), EngineError);
    cuts = false;
    assert.deepEqual(await raw.recording.record(PLACE, [{ event, position: 1 }]), []);
    assert.equal(await raw.recording.countDay(event.day, []), 1);
    await raw.close();
    gate.close();
    await database.close();
  });
});

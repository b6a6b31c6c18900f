import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { openKafkaLog } from '../../src/engines/kafka/kafka-log.ts';
import { partitionOf } from '../../src/engines/kafka/kafka-writer.ts';
import { createMemoryLog } from '../../src/engines/memory/memory-log.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/kit/clock.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { buildEvent } from '../support/builders.ts';
import { openTestDatabase, openTestLog, testLog } from '../support/database.ts';
import { addPartitions, dropTopic, produceRaw, testTopic, withoutKafka } from '../support/kafka.ts';
import { until } from '../support/until.ts';

interface Subject {
  readonly open: () => Promise<EventLog>;
  readonly close: () => Promise<void>;
}

async function postgres(lanes = 1): Promise<Subject> {
  const database = await openTestDatabase();
  return {
    open: () => openTestLog(database, lanes),
    close: () => database.close(),
  };
}

/** As an import writes it. */
const postgresByTwoLanes = () => postgres(2);

function memory(log = createMemoryLog()): Promise<Subject> {
  return Promise.resolve({ open: () => Promise.resolve(log), close: () => Promise.resolve() });
}

const memoryWithCopies = () => memory(createMemoryLog({ keepsCopies: true }));

type KafkaLogOptions = Parameters<typeof openKafkaLog>[0];

function openTestKafka(options: Partial<KafkaLogOptions> & Pick<KafkaLogOptions, 'settings'>) {
  const now = () => Promise.resolve(new Date());
  return openKafkaLog({ clock: systemClock, log: testLog, writes: true, now, ...options });
}

function kafka(settings = testTopic()): Promise<Subject> {
  return Promise.resolve({
    open: () => openTestKafka({ settings }),
    close: () => dropTopic(settings),
  });
}

async function readAll(log: EventLog, limit = 7): Promise<Event[]> {
  const events: Event[] = [];
  for (const { partition } of await log.listPartitions()) {
    for (let after = 0; ; ) {
      const batch = await log.read(partition, after, limit);
      const span = await log.span(partition, after, limit);
      assert.deepEqual(span.upTo, batch.upTo);
      assert.equal(span.count, batch.events.length);
      for (const { position, event } of batch.events) {
        assert.ok(position > after, 'EL-4: positions grow');
        after = position;
        events.push(event);
      }
      if (batch.atEnd) break;
    }
  }
  return events;
}

for (const [name, make] of Object.entries({
  memory,
  memoryWithCopies,
  postgres,
  postgresByTwoLanes,
  kafka,
})) {
  // Test by test: a suite that is skipped as a whole counts as nothing skipped.
  const skip = name === 'kafka' && withoutKafka;

  describe(`event log: ${name}`, () => {
    let subject: Subject;
    let log: EventLog;
    before(async () => {
      if (skip) return;
      subject = await make();
      log = await subject.open();
    });
    after(async () => {
      if (skip) return;
      await log.close();
      await subject.close();
    });

    test('EL-2 EL-3 EL-4 what is kept is read back whole, once, in one order', { skip }, async () => {
      const full = buildEvent({
        type: 'click',
        subject: { kind: 'post', id: 9_007_199_254_740 },
        member: true,
        verdict: { valid: false, rule: 'repeat', ruleVersion: 1 },
        flags: 3,
        source: 'pixel',
        address: { network: '203.0.113.0/24', hash: Buffer.alloc(8, 1), sealed: Buffer.alloc(16, 2) },
        userAgent: '한글 "quoted" \\ 😀',
        referrer: 'https://example.com/?a=b',
        page: '/경로',
      });
      const many = Array.from({ length: 40 }, () => buildEvent());
      await log.append([full]);
      await Promise.all(many.map((event) => log.append([event])));
      const read = await readAll(log);
      assert.deepEqual(
        read.find((event) => event.id === full.id),
        full,
      );
      assert.deepEqual(read.map((event) => event.id).sort(), [full, ...many].map((event) => event.id).sort());
      assert.deepEqual(await readAll(log, 1_000), read);
    });

    test('EL-7 the first copy of an id wins; another subject or type is told apart', { skip }, async () => {
      const first = buildEvent({ page: 'first' });
      const later: Event[] = [
        { ...first, page: 'second' },
        { ...first, type: 'click' },
        { ...first, subject: { kind: 'post', id: 1 } },
      ];
      const { deduplicates } = log.capabilities;
      const outcomes = await log.append([first, ...later]);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.status),
        deduplicates ? ['kept', 'duplicate', 'reused', 'reused'] : ['kept', 'kept', 'kept', 'kept'],
      );
      // A log that keeps every copy keeps them in one partition, in the order of their appends.
      const copies = (await readAll(log)).filter((event) => event.id === first.id);
      assert.deepEqual(copies, deduplicates ? [first] : [first, ...later]);
    });

    test('EL-7 ids of any UUID version are unique, on the days of the past too', { skip }, async () => {
      const undated = buildEvent({ id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479' });
      const old = buildEvent({ id: '0193b1a0-0000-7000-8000-000000000001' });
      await log.append([undated, old]);
      const again = await log.append([undated, old]);
      const status = log.capabilities.deduplicates ? 'duplicate' : 'kept';
      assert.deepEqual(
        again.map((outcome) => outcome.status),
        [status, status],
      );
    });

    test('EL-8 what was acknowledged before the clock is seen by the next read', { skip }, async () => {
      const event = buildEvent();
      await log.append([event]);
      await log.clock();
      assert.ok((await readAll(log)).some((read) => read.id === event.id));
    });
  });
}

describe('event log: postgres alone', () => {
  test('EL-6 one event that cannot be stored never fails its neighbours', async () => {
    const subject = await postgres();
    const log = await subject.open();
    const good = Array.from({ length: 9 }, () => buildEvent());
    const bad = buildEvent({ page: 'NUL \u0000 is no text' });
    const outcomes = await log.append([...good.slice(0, 5), bad, ...good.slice(5)]);
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status),
      [...Array(5).fill('kept'), 'unstorable', ...Array(4).fill('kept')],
    );
    assert.equal((await readAll(log)).length, 9);
    await log.close();
    await subject.close();
  });

  test('EL-3 EL-9 a second writer takes a lane of its own, and a closed one gives its lane back', async () => {
    const subject = await postgres();
    const [one, two] = [await subject.open(), await subject.open()];
    await Promise.all([one.append([buildEvent()]), two.append([buildEvent()])]);
    assert.equal((await one.listPartitions()).length, 2);
    await two.close();
    const three = await subject.open();
    await three.append([buildEvent()]);
    assert.equal((await one.listPartitions()).length, 2);
    assert.equal((await readAll(one)).length, 3);
    await Promise.all([one.close(), three.close()]);
    await subject.close();
  });
});

describe('event log: kafka alone', () => {
  /** A log on a topic of its own; both go when the test ends, however it ends. */
  async function openKafka(t: TestContext, settings = testTopic()): Promise<EventLog> {
    const subject = await kafka(settings);
    const log = await subject.open();
    t.after(async () => {
      await log.close();
      await subject.close();
    });
    return log;
  }
  const skip = withoutKafka;

  test('EL-6 what is no event is handed over beside its neighbours, with its reason', { skip }, async (t) => {
    const settings = testTopic({ partitions: 1 });
    const log = await openKafka(t, settings);
    const [first, second] = [buildEvent(), buildEvent()];
    await log.append([first]);
    await produceRaw(settings, [Buffer.from('no JSON'), Buffer.from('{"v":99}'), Buffer.alloc(0)]);
    await log.append([second]);
    const batch = await log.read(0, 0, 100);
    assert.deepEqual(
      batch.events.map(({ position, event }) => [position, event.id]),
      [
        [1, first.id],
        [5, second.id],
      ],
    );
    assert.deepEqual(
      batch.unreadable?.map(({ position, reason }) => [position, reason]),
      [2, 3, 4].map((position) => [position, 'unreadable']),
    );
    assert.deepEqual([batch.count, batch.upTo, batch.atEnd], [5, 5, true]);
  });

  test('EL-7 copies of an id meet in one partition, in order, however they were sent', {
    skip,
  }, async (t) => {
    const log = await openKafka(t);
    const events = Array.from({ length: 30 }, () => buildEvent());
    await log.append(events);
    for (const event of events) await log.append([{ ...event, page: 'again' }]);
    const used = [];
    for (const { partition } of await log.listPartitions()) {
      const { events: read } = await log.read(partition, 0, 1_000);
      if (read.length > 0) used.push(partition);
      for (const copies of Map.groupBy(read, ({ event }) => event.id).values())
        assert.deepEqual(
          copies.map(({ event }) => event.page),
          [undefined, 'again'],
        );
    }
    assert.ok(used.length > 1, 'several partitions share the ids');
  });

  test('a position beyond the end of the log is an error, not an idle reader', { skip }, async (t) => {
    const log = await openKafka(t);
    await assert.rejects(log.read(0, 17, 10), /ends at offset 0, but 17 was counted/);
    assert.deepEqual((await log.read(0, 0, 10)).count, 0);
  });

  test('partitions that are added are registered, then written to and read, without a restart', {
    skip,
  }, async (t) => {
    const settings = testTopic({ partitions: 2 });
    const open = async (parts: Partial<KafkaLogOptions>) => {
      const log = await openTestKafka({ settings, watchMs: 50, ...parts });
      t.after(() => log.close());
      return log;
    };
    t.after(() => dropTopic(settings));
    const registered: number[] = [];
    const writer = await open({
      registers: async (grown) => {
        const partitions = await grown.listPartitions();
        // What is in there by now was written before anybody who counts knew of it.
        const ends = await Promise.all(
          partitions.slice(2).map(({ partition }) => reader.span(partition, 0, 1)),
        );
        registered.push(partitions.length, ...ends.map((span) => span.count));
      },
    });
    const reader = await open({ writes: false });
    const early = Array.from({ length: 20 }, () => buildEvent());
    await writer.append(early);
    assert.equal((await readAll(reader)).length, 20);
    await addPartitions(settings, 5);
    const sent: Event[] = [];
    await until(async () => {
      const event = buildEvent();
      await writer.append([event]);
      sent.push(event);
      return (await writer.listPartitions()).length === 5;
    });
    assert.deepEqual(registered, [5, 0, 0, 0]);
    const late = Array.from({ length: 60 }, () => buildEvent());
    await writer.append(late);
    await until(async () => (await reader.listPartitions()).length === 5);
    const read = await readAll(reader, 100);
    const ids = (events: readonly Event[]) => events.map((event) => event.id).sort();
    assert.deepEqual(ids(read), ids([...early, ...sent, ...late]));
    for (const partition of [2, 3, 4]) {
      const { events } = await reader.read(partition, 0, 100);
      assert.ok(events.length > 0, `partition ${partition} is written to`);
      for (const { event } of events) assert.equal(partitionOf(event.id, 5), partition);
    }
  });

  test('a topic that would lose events is refused with every reason', { skip }, async (t) => {
    const settings = testTopic();
    await openKafka(t, settings);
    await assert.rejects(
      openKafka(t, { ...settings, replication: 2 }),
      /has 1 copies, KAFKA_REPLICATION wants 2/,
    );
    await assert.rejects(
      openKafka(t, testTopic({ replication: 3 })),
      /has 1 broker\(s\), KAFKA_REPLICATION is 3/,
    );
  });
});

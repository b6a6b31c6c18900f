import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createMemoryLog } from '../../src/engines/memory/memory-log.ts';
import type { Event } from '../../src/events/event.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { buildEvent } from '../support/builders.ts';
import { openTestDatabase, openTestLog } from '../support/database.ts';

interface Subject {
  readonly open: () => Promise<EventLog>;
  readonly close: () => Promise<void>;
}

async function postgres(): Promise<Subject> {
  const database = await openTestDatabase();
  return {
    open: () => openTestLog(database),
    close: () => database.close(),
  };
}

function memory(): Promise<Subject> {
  const log = createMemoryLog();
  return Promise.resolve({ open: () => Promise.resolve(log), close: () => Promise.resolve() });
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

for (const [name, make] of Object.entries({ memory, postgres })) {
  describe(`event log: ${name}`, () => {
    let subject: Subject;
    let log: EventLog;
    before(async () => {
      subject = await make();
      log = await subject.open();
    });
    after(async () => {
      await log.close();
      await subject.close();
    });

    test('EL-2 EL-3 EL-4 what is kept is read back whole, once, in one order', async () => {
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

    test('EL-7 the first copy of an id wins; another subject or type is told apart', async () => {
      const first = buildEvent({ page: 'first' });
      const outcomes = await log.append([
        first,
        { ...first, page: 'second' },
        { ...first, type: 'click' },
        { ...first, subject: { kind: 'post', id: 1 } },
      ]);
      assert.deepEqual(
        outcomes.map((outcome) => outcome.status),
        ['kept', 'duplicate', 'reused', 'reused'],
      );
      const copies = (await readAll(log)).filter((event) => event.id === first.id);
      assert.deepEqual(copies, [first]);
    });

    test('EL-7 ids of any UUID version are unique, on the days of the past too', async () => {
      const undated = buildEvent({ id: 'f47ac10b-58cc-4372-a567-0e02b2c3d479' });
      const old = buildEvent({ id: '0193b1a0-0000-7000-8000-000000000001' });
      await log.append([undated, old]);
      const again = await log.append([undated, old]);
      assert.deepEqual(
        again.map((outcome) => outcome.status),
        ['duplicate', 'duplicate'],
      );
    });

    test('EL-8 what was acknowledged before the clock is seen by the next read', async () => {
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

import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { buildEvent } from '../../../test/support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase } from '../../../test/support/database.ts';
import type { Event } from '../../events/event.ts';
import { newEventId } from '../../events/event-id.ts';
import { AppError } from '../../kit/errors.ts';
import { sleep } from '../../kit/wait.ts';
import type { EventLog } from '../../ports/event-log.ts';

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

// What HTTP lets through: well-formed, without NUL.
const text = fc.option(
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((one) => one.replaceAll('\0', '')),
  {
    nil: undefined,
  },
);
// As PostgreSQL writes them.
const network = fc.oneof(
  fc.ipV4().map((one) => `${one.split('.').slice(0, 3).join('.')}.0/24`),
  fc
    .tuple(fc.integer({ min: 1, max: 0xffff }), fc.integer({ min: 1, max: 0xffff }))
    .map(([a, b]) => `2001:${a.toString(16)}:${b.toString(16)}::/48`),
);
const address = fc.option(
  network.map((one) => ({ network: one, hash: randomBytes(16), sealed: randomBytes(33) })),
  { nil: undefined },
);
const anyEvent: fc.Arbitrary<Event> = fc
  .record({
    type: fc.constantFrom('view' as const, 'true_view' as const, 'click' as const),
    subject: fc
      .tuple(
        fc.constantFrom('campaign' as const, 'post' as const),
        fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      )
      .map(([kind, id]) => ({ kind, id })),
    occurredAt: fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) }),
    receivedAt: fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2090, 0) }),
    verdict: fc.constantFrom(
      { valid: true } as const,
      { valid: false, rule: 'bot', ruleVersion: 1 } as const,
      { valid: false, rule: 'repeat', ruleVersion: 3 } as const,
    ),
    flags: fc.constantFrom(0, 1, 2),
    member: fc.boolean(),
    source: fc.constantFrom('api' as const, 'pixel' as const, 'import' as const),
    address,
    userAgent: text,
    referrer: text,
    page: text,
  })
  .map((parts) => buildEvent({ ...parts, id: newEventId(), actor: randomUUID() }));

async function readAll(): Promise<Map<string, Event>> {
  const read = new Map<string, Event>();
  for (const { partition } of await log.listPartitions()) {
    const { events } = await log.read(partition, 0, 100_000);
    for (const { event } of events) read.set(event.id, event);
  }
  return read;
}

test('an event is read back as it was given, whichever way its group was kept', async () => {
  const events = fc.sample(anyEvent, 600);
  const copied = events.slice(0, 300);
  const inserted = events.slice(300);
  await log.append(copied.slice(0, 299));
  // Its first event is there already, so this group cannot be copied.
  const outcomes = await log.append([copied[0]!, ...inserted, copied[299]!]);
  assert.deepEqual([outcomes[0]!.status, outcomes[1]!.status], ['duplicate', 'kept']);
  const read = await readAll();
  assert.equal(read.size, events.length);
  for (const event of events) assert.deepEqual(read.get(event.id), event);
});

test('positions follow the order given, whatever the order of the ids', async () => {
  const events = Array.from({ length: 50 }, () =>
    buildEvent({ id: randomUUID(), day: -1, source: 'import' }),
  );
  await log.append(events);
  const [{ partition } = { partition: 0 }] = await log.listPartitions();
  const { events: read } = await log.read(partition, 0, 100_000);
  assert.deepEqual(
    read.slice(-50).map(({ event }) => event.id),
    events.map((event) => event.id),
  );
});

test('a reader that follows passes nothing, while full groups overlap and some of them must be inserted anew', async () => {
  const first = buildEvent();
  await log.append([first]);
  const [{ partition } = { partition: 0 }] = await log.listPartitions();
  const start = (await log.span(partition, 0, 1_000_000)).upTo;
  const seen: string[] = [];
  let position = start;
  let writing = true;
  const follow = (async () => {
    for (let last = false; !last; ) {
      last = !writing;
      const { events, upTo } = await log.read(partition, position, 300);
      seen.push(...events.map(({ event }) => event.id));
      position = upTo;
      if (events.length === 300) last = false;
    }
  })();
  /** On a slow machine the log refuses what would wait too long: as a client does, it is sent again. */
  const append = async (events: Parameters<typeof log.append>[0]) => {
    for (;;) {
      try {
        return await log.append(events);
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'overloaded') throw error;
        await sleep(50);
      }
    }
  };
  const batches = Array.from({ length: 12 }, (_, at) => {
    const fresh = Array.from({ length: 1_000 }, () => buildEvent());
    return at % 3 === 1 ? [...fresh.slice(1), first] : fresh;
  });
  const outcomes = await Promise.all(batches.map(append));
  writing = false;
  await follow;
  const kept = batches.flatMap((events, at) =>
    events.filter((_, index) => outcomes[at]![index]!.status === 'kept').map((event) => event.id),
  );
  assert.equal(kept.length, 12_000 - 4);
  assert.equal(seen.length, kept.length);
  assert.deepEqual(new Set(seen), new Set(kept));
});

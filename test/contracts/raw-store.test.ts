import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { createPostgresRaw } from '../../src/engines/postgres/postgres-raw.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/kit/clock.ts';
import type { RawFilter, RawStore } from '../../src/ports/raw-store.ts';
import { actorNumber, buildEvent } from '../support/builders.ts';
import { openTestDatabase, testLog } from '../support/database.ts';

interface Engine {
  readonly raw: RawStore;
  readonly record: (events: readonly Event[]) => Promise<unknown>;
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

for (const [name, open] of Object.entries({ postgres })) {
  describe(`raw store: ${name}`, () => {
    let engine: Engine;
    before(async () => {
      engine = await open();
    });
    after(() => engine.close());

    test('RS-1 an event that is recorded twice is there once', async () => {
      const event = buildEvent({ subject: subject(1) });
      await engine.record([event]);
      await engine.record([event]);
      const rows = await engine.raw.listEvents(everything(1), 10);
      assert.deepEqual(
        rows.map((row) => [row.event_id, row.type, row.verdict, row.occurred_at.getTime()]),
        [[event.id, 'view', 'valid', event.occurredAt]],
      );
    });

    test('RS-2 pages lose and double nothing while newer events come', async () => {
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

    test('a filter shows what it names and nothing else', async () => {
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

    test('RS-3 an actor is one however many events it has, in each minute by what it did', async () => {
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

    test('RS-3 members who clicked are counted once each; visitors and invalid clicks are not', async () => {
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

    test('RS-4 an address comes as it was sealed', async () => {
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
  });
}

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { createDaySecrets } from '../../src/db/day-secrets.ts';
import { EVENT_TYPES, type EventType } from '../../src/events/event.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { type Accepted, createIngest } from '../../src/pipeline/ingest/index.ts';
import { verify } from '../../src/pipeline/verify/index.ts';
import { eventIdAt } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { buildSender, createTestClock, openWriter, type Writer } from '../support/ingest-run.ts';

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIDNIGHT = Date.UTC(2031, 2, 31);

/** What a later copy says otherwise than the first. */
const CHANGES = ['nothing', 'when', 'agent', 'subject', 'type'] as const;

const copy = fc.record({
  delayMs: fc.oneof(
    fc.integer({ min: 0, max: 90 * SECOND_MS }),
    fc.integer({ min: 0, max: 8 * DAY_MS }),
    fc.constantFrom(0, DAY_MS, 7 * DAY_MS, 8 * DAY_MS),
  ),
  change: fc.constantFrom(...CHANGES),
  upperCase: fc.boolean(),
  writer: fc.integer({ min: 0, max: 1 }),
});
const sent = fc.record({
  version: fc.constantFrom('v7', 'v4'),
  sentBeforeMidnightMs: fc.integer({ min: -30 * SECOND_MS, max: 30 * SECOND_MS }),
  later: fc.array(copy, { maxLength: 4 }),
  first: copy,
  /** The first copy arrives at both writers at once. */
  atBoth: fc.boolean(),
});

type Sent = typeof sent extends fc.Arbitrary<infer T> ? T : never;
type Copy = Sent['first'];

interface Try {
  readonly at: number;
  readonly id: string;
  readonly subject: number;
  readonly type: EventType;
  readonly claimed: number;
  readonly visitor: number;
  readonly writer: number;
}

describe('the dedupe window', () => {
  let database: TestDatabase;
  let writers: readonly [Writer, Writer];
  const clock = createTestClock(MIDNIGHT);

  before(async () => {
    database = await openTestDatabase();
    writers = [await openWriter(database, clock), await openWriter(database, clock)];
  });
  after(async () => {
    for (const writer of writers) await writer.log.close();
    await database.close();
  });

  const count = () => countUntilDry({ db: database.db, log: writers[0].log, logger: testLog });
  const send = ({ id, subject, type, claimed, visitor, writer }: Try) =>
    writers[writer]!.ingest.accept(
      [{ eventId: id, type, subject: { kind: 'campaign', id: subject }, occurredAt: claimed }],
      buildSender(visitor),
    );

  let campaigns = 0;

  test('is at least seven days, over midnight and over two writers at once: the first copy counts, once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 20, maxLength: 20 }), (events) => runOnce(events)),
      { numRuns: 5 },
    );
    const report = await verify(database.db, {
      repair: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    assert.deepEqual([report.differences, report.brokenSeals], [[], []]);
  });

  async function runOnce(events: readonly Sent[]): Promise<void> {
    const own = campaigns + 1;
    campaigns += 2;
    const tries = events.flatMap((event, index) => toTries(event, own, index)).sort((a, b) => a.at - b.at);
    const answers = new Map<Try, Accepted>();
    for (const [at, together] of Map.groupBy(tries, (one) => one.at)) {
      clock.set(at);
      await Promise.all(
        together.map(async (one) => {
          const [answer] = await send(one);
          answers.set(one, answer!);
        }),
      );
    }
    await count();
    let views = 0;
    for (const [id, copies] of Map.groupBy(tries, (one) => one.id.toLowerCase())) {
      const rows = await database.db.query<{ subject_id: number; type: number; occurred_at: Date }>(
        'select subject_id, type, occurred_at from event_log where event_id = $1',
        [id],
      );
      assert.equal(rows.length, 1, `${id} is one row`);
      const [row] = rows;
      const firsts = copies.filter((one) => one.at === copies[0]!.at);
      const first = firsts.find(
        (one) =>
          one.subject === row!.subject_id &&
          EVENT_TYPES[one.type] === row!.type &&
          one.claimed === row!.occurred_at.getTime(),
      );
      assert.ok(first, `${id} says what a first copy said`);
      for (const one of copies) {
        const same: boolean = one.subject === first.subject && one.type === first.type;
        const answer = answers.get(one)!;
        assert.equal(answer.status, same ? 'accepted' : 'refused');
        if (answer.status === 'refused') assert.equal(answer.refusal.code, 'event_id_reused');
      }
      views += 1;
    }
    const [sum] = await database.db.query<{ n: number }>(
      'select sum(views + true_views + clicks)::int8 as n from counters_total where subject_id between $1 and $1 + 1',
      [own],
    );
    assert.equal(sum?.n, views);
  }

  function toTries(event: Sent, campaign: number, index: number): Try[] {
    const at = MIDNIGHT - event.sentBeforeMidnightMs;
    const id = event.version === 'v7' ? eventIdAt(at) : randomUUID();
    const one = (told: Copy, delayMs: number, writer = told.writer, change = told.change): Try => ({
      at: at + delayMs,
      id: told.upperCase ? id.toUpperCase() : id,
      subject: change === 'subject' ? campaign + 1 : campaign,
      type: change === 'type' ? 'click' : 'view',
      claimed: change === 'when' ? at - HOUR_MS : at,
      visitor: change === 'agent' ? 9_000 + index : index,
      writer,
    });
    const { first } = event;
    return [
      one(first, 0, first.writer, 'nothing'),
      ...(event.atBoth ? [one(first, 0, 1 - first.writer)] : []),
      ...event.later.map((told) => one(told, told.delayMs)),
    ];
  }

  test('ids whose day is not kept are refused before anything is queued', async () => {
    clock.set(MIDNIGHT);
    const appended: number[] = [];
    const { log } = writers[0];
    const ingest = createIngest(
      {
        log: {
          ...log,
          append: (events) => {
            appended.push(events.length);
            return log.append(events);
          },
        },
        findSubject: () => true,
        secrets: createDaySecrets(database.db),
        clock,
      },
      { retentionDays: 90, refuseFloods: true },
    );
    const bad = [MIDNIGHT + DAY_MS + 1, MIDNIGHT + 400 * DAY_MS, MIDNIGHT - 90 * DAY_MS - 1, 0].map(
      eventIdAt,
    );
    const good = [MIDNIGHT + DAY_MS, MIDNIGHT - 90 * DAY_MS].map(eventIdAt);
    const answers = await ingest.accept(
      [...bad, ...good].map((eventId) => ({
        eventId,
        type: 'view',
        subject: { kind: 'campaign', id: 9_999 },
      })),
      buildSender(),
    );
    assert.deepEqual(appended, [good.length]);
    for (const [index, answer] of answers.entries()) {
      if (index >= bad.length) assert.equal(answer.status, 'accepted');
      else
        assert.deepEqual(
          answer.status === 'refused' && [answer.refusal.status, answer.refusal.errors?.[0]?.path],
          [422, 'event_id'],
        );
    }
    const rows = await database.db.query('select event_id from event_log where subject_id = 9999');
    assert.equal(rows.length, good.length);
  });
});

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { createPostgresRaw } from '../../src/engines/postgres/postgres-raw.ts';
import { readStats } from '../../src/features/dashboards/stats.service.ts';
import { createZone } from '../../src/features/dashboards/time-buckets.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { eventIdAt } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { buildSender, createTestClock, openWriter, type Writer } from '../support/ingest-run.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const NOW = Date.UTC(2031, 5, 15, 12, 34, 56, 789);

/** How far a client's clock is off: anywhere from 10 days behind to a day ahead, and around every edge. */
const skew = fc.oneof(
  fc.integer({ min: -10 * DAY_MS, max: DAY_MS }),
  fc.integer({ min: -20 * MINUTE_MS, max: 20 * MINUTE_MS }),
  fc.constantFrom(-7 * DAY_MS - 1, -7 * DAY_MS, -7 * DAY_MS + 1, -1, 0, 1, 5 * MINUTE_MS, 5 * MINUTE_MS + 1),
);

let database: TestDatabase;
let writer: Writer;
let campaigns = 0;
const clock = createTestClock(NOW);

before(async () => {
  database = await openTestDatabase();
  writer = await openWriter(database, clock);
});
after(async () => {
  await writer.log.close();
  await database.close();
});

test('an event up to 7 days late lands in its own bucket, any other counts when it is received, and none is lost', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(skew, { minLength: 1, maxLength: 120 }), async (skews) => {
      campaigns += 1;
      await sendAll(campaigns, skews);
      await countUntilDry({ db: database.db, log: writer.log, logger: testLog });
      const rows = await readRaw(campaigns);
      const wanted = skews.map(rule).sort(byTime);
      assert.deepEqual(
        rows.map((row) => ({ at: row.occurred_at.getTime(), flag: row.flags })).sort(byTime),
        wanted,
      );
      for (const interval of ['minute', 'hour', 'day'] as const)
        await checkStats(campaigns, wanted, interval);
    }),
    { numRuns: 5 },
  );
});

/** The rule, told a second time: what the number shall be, and the flag. */
function rule(skewMs: number): { at: number; flag: number } {
  if (skewMs < -7 * DAY_MS) return { at: NOW, flag: 1 };
  if (skewMs > 5 * MINUTE_MS) return { at: NOW, flag: 2 };
  return { at: Math.min(NOW, NOW + skewMs), flag: 0 };
}

const byTime = (a: { at: number; flag: number }, b: { at: number; flag: number }) =>
  a.at - b.at || a.flag - b.flag;

async function sendAll(campaign: number, skews: readonly number[]): Promise<void> {
  // A visitor each: no verdict shall hide a number.
  const answers = await Promise.all(
    skews.map((skewMs, index) =>
      writer.ingest.accept(
        [
          {
            eventId: eventIdAt(NOW),
            type: 'view',
            subject: { kind: 'campaign', id: campaign },
            occurredAt: NOW + skewMs,
          },
        ],
        buildSender(campaign * 200 + index),
      ),
    ),
  );
  for (const [answer] of answers) assert.equal(answer?.status, 'accepted');
}

function readRaw(campaign: number) {
  return database.db.query<{ occurred_at: Date; flags: number }>(
    'select occurred_at, flags from event_log where subject_id = $1',
    [campaign],
  );
}

/** Each row of the series holds exactly the events that the rule puts there. */
async function checkStats(
  campaign: number,
  wanted: readonly { at: number }[],
  interval: 'minute' | 'hour' | 'day',
): Promise<void> {
  const end = Math.floor(NOW / MINUTE_MS + 1) * MINUTE_MS;
  // A series has at most 10,000 rows: minutes are looked at over the last 6 days.
  const start = interval === 'minute' ? end - 6 * DAY_MS : end - 11 * DAY_MS;
  const answer = await readStats(database.db, createPostgresRaw(database.db), {
    subject: { kind: 'campaign', id: campaign },
    from: new Date(start),
    to: new Date(end),
    interval,
    zone: createZone('Asia/Kathmandu'),
    traffic: 'valid',
  });
  const inRange = wanted.filter(({ at }) => at >= start);
  assert.equal(answer.totals.views, inRange.length);
  assert.equal(answer.totals.unique_viewers, inRange.length);
  const starts = answer.series.map((row) => Date.parse(row.start));
  const counts = answer.series.map(() => 0);
  for (const { at } of inRange) counts[starts.findLastIndex((from) => from <= at)]! += 1;
  assert.deepEqual(
    answer.series.map((row) => row.views),
    counts,
  );
}

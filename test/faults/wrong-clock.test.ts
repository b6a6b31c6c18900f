import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createDaySecrets } from '../../src/db/day-secrets.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { readCheckState } from '../../src/pipeline/verify/index.ts';
import { removeDue } from '../../src/roles/housekeeping.ts';
import { actorNumber, buildEvent, eventIdAt } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { createTestClock, openWriter, type Writer } from '../support/ingest-run.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const RETENTION = 90;
const LEAP = 100;
const today = Math.floor(Date.now() / DAY_MS);
/** Of yesterday, for a server whose clock then leapt by 100 days: that is now. */
const YESTERDAY = today - LEAP - 1;

describe('a clock that is wrong', () => {
  let database: TestDatabase;
  let writer: Writer;
  const destroyed = { raw: 0, salts: 0, keys: 0 };

  before(async () => {
    database = await openTestDatabase();
    writer = await openWriter(database, createTestClock(Date.now()));
    const at = YESTERDAY * DAY_MS + 3_600_000;
    const undated = '00000000-0000-4000-8000-000000000001';
    await writer.log.append(
      [eventIdAt(at), undated].map((id, index) =>
        buildEvent({
          id,
          day: index === 0 ? YESTERDAY : -1,
          occurredAt: at,
          receivedAt: at,
          actor: actorNumber(index),
        }),
      ),
    );
    await countUntilDry({ db: database.db, log: writer.log, logger: testLog });
    const secrets = createDaySecrets(database.db);
    for (const purpose of ['actor_salt', 'address_key'] as const) await secrets.get(purpose, YESTERDAY);
  });
  after(async () => {
    await writer.log.close();
    await database.close();
  });

  const round = (offBy = 0) =>
    removeDue(
      {
        config: { rawRetentionDays: RETENTION },
        maintenance: database.db,
        secrets: createDaySecrets(database.db),
        logger: testLog,
      },
      { now: () => Date.now() + offBy, signal: new AbortController().signal },
    );
  const look = async () => {
    const [kept] = await database.db.query<typeof destroyed>(
      `select (select count(*) from event_log where received_at < now() - interval '99 days') as raw,
         (select count(*) from day_secrets where purpose = 'actor_salt' and day = $1) as salts,
         (select count(*) from day_secrets where purpose = 'address_key' and day = $1) as keys`,
      [YESTERDAY],
    );
    return kept;
  };
  const doubts = async () =>
    (
      await database.db.query<{ reason: string }>(
        `select detail ->> 'reason' as reason from findings where kind = 'clock' and settled_at is null`,
      )
    ).map((row) => row.reason);
  const believeTo = (daysAgo: number, waitedDays: number | null) =>
    database.db.query(
      `insert into believed_clock (believed_at, seen_at, waited_ms)
       values (now() - $1 * interval '1 day', now() - $1 * interval '1 day', $2::int8 * 86400000)
       on conflict (one) do update set believed_at = excluded.believed_at, seen_at = excluded.seen_at,
         waited_ms = excluded.waited_ms`,
      [daysAgo, waitedDays],
    );
  const ALL = { raw: 2, salts: 1, keys: 1 };

  test('in the process alone destroys nothing, and says which one differs', async () => {
    for (const [offBy, words] of [
      [6 * MINUTE_MS, /6 minutes ahead of the database's/],
      [-LEAP * DAY_MS, /144000 minutes behind the database's/],
    ] as const) {
      await round(offBy);
      assert.deepEqual(await look(), ALL);
      const [doubt, ...more] = await doubts();
      assert.match(doubt!, words);
      assert.deepEqual(more, []);
    }
  });

  test('in process and database alike destroys nothing, round after round and start after start', async () => {
    await believeTo(LEAP, null);
    for (let rounds = 0; rounds < 5; rounds += 1) {
      await round();
      assert.deepEqual(await look(), ALL);
    }
    const [doubt] = await doubts();
    assert.equal((await readCheckState(database.db)).doubt, doubt);
    assert.match(doubt!, /stands 99\.5 days ahead .* for 72 more hours/);
  });

  test('that is right after all, as the server was off, is believed after three days', async () => {
    // Two of them have passed, and the third is about to.
    await believeTo(LEAP, 2);
    await round();
    assert.deepEqual(await look(), { raw: 0, salts: 0, keys: 0 });
    assert.deepEqual(await doubts(), []);
    assert.equal((await readCheckState(database.db)).doubt, null);
  });
});

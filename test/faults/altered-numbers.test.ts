import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { EventType } from '../../src/events/event.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { isClean, startBackgroundCheck, verify } from '../../src/pipeline/verify/index.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { createRandom } from '../../src/proof/random.ts';
import { actorNumber, buildEvent } from '../support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from '../support/database.ts';
import { until } from '../support/until.ts';

const CORRUPTIONS = 100;
const HOUR_MS = 3_600_000;
const TYPES: EventType[] = ['view', 'true_view', 'click'];
const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = createRandom(seed);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

interface Row {
  readonly ctid: string;
  readonly subject_kind: number;
  readonly subject_id: number;
  readonly bucket_at: Date | null;
  readonly traffic: number | null;
}

const CHANGES = [
  'views = views + 1',
  'clicks = clicks * 2 + 1',
  'true_views = true_views + 7',
  'views = views + 40',
];
const RAW_CHANGES = {
  deleted: 'delete from event_log where event_id = $1',
  'made another type': 'update event_log set type = case type when 1 then 3 else 1 end where event_id = $1',
  'given to another campaign': 'update event_log set subject_id = subject_id + 1 where event_id = $1',
  'moved in time': `update event_log set occurred_at = occurred_at - interval '1 hour' where event_id = $1`,
  'judged anew': 'update event_log set rule = 1 - least(rule, 1) where event_id = $1',
  'given to another actor': 'update event_log set actor = gen_random_uuid() where event_id = $1',
  copied: `insert into event_log select (e).* from (
     select jsonb_populate_record(e, jsonb_build_object('event_id', gen_random_uuid(), 'user_agent', 'invented')) as e
     from event_log e where event_id = $1) as copies`,
};

describe(`what is altered behind our back (FAULT_SEED=${seed})`, () => {
  let database: TestDatabase;
  let log: EventLog;

  before(async () => {
    database = await openTestDatabase();
    log = await openTestLog(database);
    // The last day, and some of the days before.
    const now = Date.now();
    for (let group = 0; group < 8; group += 1) {
      await log.append(
        Array.from({ length: 500 }, (_, n) =>
          buildEvent({
            type: TYPES[n % 3]!,
            subject: { kind: 'campaign', id: 1 + (n % 9) },
            actor: actorNumber(Math.floor(random() * 60)),
            occurredAt: now - Math.floor(random() * (group < 6 ? 22 : 120) * HOUR_MS),
            verdict: random() < 0.1 ? { valid: false, rule: 'bot', ruleVersion: 1 } : { valid: true },
          }),
        ),
      );
      await countUntilDry({ db: database.db, log, logger: testLog });
    }
  });
  after(async () => {
    await log.close();
    await database.close();
  });

  const snapshot = async () =>
    JSON.stringify(
      await Promise.all(
        ['counters_minute', 'counters_quarter', 'counters_total', 'actor_quarters'].map((table) =>
          database.db.query(`select t::text from ${table} t order by 1`),
        ),
      ),
    );
  const openFindings = (kind: string) =>
    database.db.query<{ key: string; detail: { repaired?: boolean } }>(
      'select key, detail from findings where kind = $1 and settled_at is null',
      [kind],
    );
  const check = () =>
    verify(database.db, { repair: false, signal: new AbortController().signal, onProgress: () => undefined });

  async function whileChecking(holds: () => Promise<boolean>): Promise<void> {
    const background = startBackgroundCheck({ db: database.db, logger: testLog, now: Date.now });
    try {
      await until(holds, 60_000);
    } finally {
      await background.close();
    }
  }

  test(`${CORRUPTIONS} alterations of counters and sets are found and made anew, bit for bit`, async () => {
    const { db } = database;
    const was = await snapshot();
    const altered = new Set<string>();
    while (altered.size < CORRUPTIONS) altered.add(await alterNumber(altered));
    assert.notEqual(await snapshot(), was);
    await whileChecking(async () => (await snapshot()) === was);
    const rows = await db.query<{ key: string; detail: { repaired: boolean } }>(
      `select key, detail from findings where kind in ('counter', 'set') and settled_at is not null`,
    );
    const found = new Set(rows.map((row) => row.key));
    assert.deepEqual(
      [...altered].filter((key) => !found.has(key)),
      [],
    );
    assert.ok(isClean(await check()));
  });

  /** One of: changed, removed, doubled, invented. Returns the key that the finding must have. */
  async function alterNumber(taken: ReadonlySet<string>): Promise<string> {
    const { db } = database;
    const table = pick(['counters_minute', 'counters_quarter', 'counters_total', 'actor_quarters']);
    const time = table === 'counters_total' ? 'null::timestamptz' : 'bucket_at';
    const traffic = table === 'actor_quarters' ? 'null' : 'traffic';
    const rows = await db.query<Row>(
      `select ctid::text, tableoid::text, subject_kind, subject_id, ${time} as bucket_at, ${traffic} as traffic from ${table} order by 3, 4, 5, 6, 1`,
    );
    const row = pick(rows);
    const key = `${table} ${row.subject_kind} ${row.subject_id} ${row.bucket_at?.toISOString() ?? 'total'} ${row.traffic ?? ''}`;
    if (taken.has(key)) return alterNumber(taken);
    const change = table === 'actor_quarters' ? 'seen = (seen % 63) + 1' : pick(CHANGES);
    await db.query(
      random() < 0.3
        ? `delete from ${table} where ctid = $1::tid`
        : `update ${table} set ${change} where ctid = $1::tid`,
      [row.ctid],
    );
    return key;
  }

  test('a set member and a counter that were invented go away again', async () => {
    const was = await snapshot();
    await database.db.query(
      `insert into actor_quarters (subject_kind, subject_id, bucket_at, actor, seen)
       select 1, 3, date_bin('15 minutes', now() - interval '2 hours', 'epoch'), $1, 5`,
      [crypto.randomUUID()],
    );
    await database.db.query(
      `insert into counters_quarter (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
       values (1, 77, date_bin('15 minutes', now() - interval '3 hours', 'epoch'), 0, 9, 9, 9)`,
    );
    await whileChecking(async () => (await snapshot()) === was);
  });

  for (const [name, change] of Object.entries(RAW_CHANGES)) {
    test(`a raw event that was ${name} is reported, never made official`, async () => {
      const { db } = database;
      await db.query('create table if not exists aside as select * from event_log limit 0');
      const was = await snapshot();
      const [victim] = await db.query<{ event_id: string }>(
        'select event_id from event_log order by event_id offset $1 limit 1',
        [Math.floor(random() * 3_000)],
      );
      await db.query('insert into aside select * from event_log where event_id = $1', [victim!.event_id]);
      await db.query(change, [victim!.event_id]);
      await whileChecking(async () => (await openFindings('raw')).length > 0);
      assert.equal(await snapshot(), was);
      await db.query(`delete from event_log where event_id = $1 or user_agent = 'invented'`, [
        victim!.event_id,
      ]);
      await db.query('insert into event_log select * from aside');
      await db.query('delete from aside');
      await whileChecking(async () => (await openFindings('raw')).length === 0);
      assert.ok(isClean(await check()));
      assert.equal(await snapshot(), was);
    });
  }
});

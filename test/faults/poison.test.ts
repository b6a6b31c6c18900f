import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Db } from '../../src/db/pool.ts';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { newEventId } from '../../src/events/event-id.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { listParked } from '../../src/pipeline/dead-letters/index.ts';
import { verify } from '../../src/pipeline/verify/index.ts';
import { actorNumber, buildEvent, eventIdAt } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';
import { buildSender, openWriter } from '../support/ingest-run.ts';
import { until } from '../support/until.ts';
import { type Client, createClient, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

const BATCH = 500;
const DAY_MS = 86_400_000;
const CLI = fileURLToPath(new URL('../../src/cli/weir.ts', import.meta.url));
const run = promisify(execFile);

interface Poison {
  /** The field that the refusal must name; empty where the item is no object at all. */
  readonly names: string;
  readonly item: unknown;
}

const part = (names: string, parts: object): Poison => ({
  names,
  item: { type: 'view', campaign_id: 1, ...parts },
});

/** Bad in a way that anybody can send. */
const POISONS: readonly Poison[] = [
  { names: '', item: null },
  { names: '', item: 7 },
  { names: '', item: 'view' },
  { names: '', item: [] },
  part('type', { type: 'stare' }),
  part('type', { type: 1 }),
  part('type', { type: '__proto__' }),
  part('campaign_id', { campaign_id: '1' }),
  part('campaign_id', { campaign_id: 1.5 }),
  part('campaign_id', { campaign_id: -1 }),
  part('campaign_id', { campaign_id: 0 }),
  part('campaign_id', { campaign_id: 2 ** 53 }),
  part('campaign_id', { campaign_id: 1e300 }),
  // Unknown, the largest number that passes for an id included.
  part('campaign_id', { campaign_id: 999_999 }),
  part('campaign_id', { campaign_id: Number.MAX_SAFE_INTEGER }),
  part('event_id', { event_id: 'not-a-uuid' }),
  part('event_id', { event_id: 5 }),
  part('event_id', { event_id: null }),
  part('event_id', { event_id: eventIdAt(Date.now() + 2 * DAY_MS) }),
  part('event_id', { event_id: eventIdAt(0) }),
  part('event_id', { event_id: 'ffffffff-ffff-7fff-bfff-ffffffffffff' }),
  part('occurred_at', { occurred_at: '+275760-09-13T00:00:00.001Z' }),
  part('occurred_at', { occurred_at: 8.64e15 }),
  part('occurred_at', { occurred_at: '2026-02-30T00:00:00Z' }),
  part('occurred_at', { occurred_at: '2026-01-01T00:00:00' }),
  part('occurred_at', { occurred_at: '1969-12-31T23:59:59Z' }),
  part('occurred_at', { occurred_at: '2026-01-01T00:00:00+99:99' }),
  part('occurred_at', { occurred_at: '0000-01-01T00:00:00Z' }),
  part('page', { page: 'NUL \u0000' }),
  part('page', { page: 'lone \ud800' }),
  part('page', { page: 'x'.repeat(2_049) }),
  part('page', { page: { a: 1 } }),
  part('referrer', { referrer: '\udc00 lone' }),
  part('referrer', { referrer: 1 }),
  part('stray', { stray: 1 }),
  part('__proto__', JSON.parse('{"__proto__": {"type": "click"}}') as object),
  part('ip', { ip: '203.0.113.9' }),
];
/** Bad though an admin sends it. */
const TRUSTED_POISONS: readonly Poison[] = [
  part('ip', { ip: 'fff' }),
  part('ip', { ip: '1.2.3.4.5' }),
  part('ip', { ip: '999.1.1.1' }),
  part('ip', { ip: '::::' }),
  part('ip', { ip: 9 }),
  part('actor_id', { actor_id: 'NUL \u0000' }),
  part('actor_id', { actor_id: {} }),
  part('user_agent', { user_agent: '\ud800' }),
];
const BAD_LINES = [
  '{',
  '{"type":"view"',
  'view',
  '{"type":"view","campaign_id":1}}',
  '\u0000',
  "{'type':'view'}",
];

describe('bad events among good ones', () => {
  let database: TestDatabase;
  let weir: RunningWeir;
  let admin: Client;
  let anyone: Client;

  before(async () => {
    database = await openTestDatabase();
    weir = await startWeir({ env: { DATABASE_URL: database.url, RATE_LIMITS: 'off' } });
    admin = await signIn(weir.url, weir.admin);
    anyone = createClient(weir.url, {});
    for (const title of ['one', 'two', 'three']) await create(title);
  });
  after(async () => {
    await weir.close();
    await database.close();
  });

  async function create(title: string): Promise<void> {
    const dates = { start_date: '2020-01-01T00:00:00Z', end_date: '2099-01-01T00:00:00Z' };
    assert.equal((await admin('POST', '/api/campaigns', { title, content: 'Sale', ...dates })).status, 201);
  }
  /** A batch where every hundredth item is bad, in each of these ways in turn. */
  function mix(poisons: readonly Poison[], campaign: number, turn: number) {
    return Array.from({ length: BATCH }, (_, at): Poison | { readonly good: object } =>
      at % 100 === 50
        ? poisons[(turn * 5 + Math.floor(at / 100)) % poisons.length]!
        : { good: { event_id: newEventId(), type: at % 2 ? 'view' : 'click', campaign_id: campaign } },
    );
  }

  test('of every kind are refused by the name of their field, each alone, and every good one counts', async () => {
    let good = 0;
    for (const [client, poisons] of [
      [anyone, POISONS],
      [admin, TRUSTED_POISONS],
    ] as const) {
      for (let turn = 0; turn * 5 < poisons.length; turn += 1) {
        const items = mix(poisons, 1, turn);
        const bodies = items.map((one) => ('good' in one ? one.good : one.item));
        const answer = await client('POST', '/api/events', bodies);
        assert.equal(answer.status, 202, JSON.stringify(answer.body));
        for (const [at, one] of items.entries()) {
          const result = answer.body.results[at];
          const shown = JSON.stringify([one, result]);
          if ('good' in one) assert.equal(result.status, 'accepted', shown);
          else assert.deepEqual([result.status, result.errors[0].path], ['refused', one.names], shown);
          assert.ok('good' in one || result.errors[0].message.length > 5, shown);
        }
        good += answer.body.accepted;
        assert.equal(answer.body.accepted, BATCH - 5);
      }
    }
    await until(async () => (await countOf(database.db, 1)) === good);
  });

  test('alone are refused as a whole: 400 for what is no JSON, 404 for an unknown campaign, else 422', async () => {
    for (const { names, item } of POISONS) {
      if (Array.isArray(item)) continue;
      const answer = await anyone('POST', '/api/events', JSON.stringify(item));
      const unknown = names === 'campaign_id' && answer.body.code === 'not_found';
      assert.equal(answer.status, unknown ? 404 : 422, JSON.stringify([item, answer.body]));
      assert.equal(answer.body.errors[0].path, names, JSON.stringify([item, answer.body]));
    }
    for (const line of BAD_LINES) assert.equal((await anyone('POST', '/api/events', line)).status, 400, line);
  });

  test('as lines of NDJSON are refused line by line, the neighbours count', async () => {
    const lines = Array.from({ length: BATCH }, (_, at) =>
      at % 100 === 50
        ? BAD_LINES[Math.floor(at / 100)]!
        : JSON.stringify({ event_id: newEventId(), type: 'view', campaign_id: 2 }),
    );
    const type = { 'content-type': 'application/x-ndjson' };
    const answer = await anyone('POST', '/api/events', lines.join('\n'), type);
    assert.deepEqual([answer.status, answer.body.accepted, answer.body.refused], [202, BATCH - 5, 5]);
    for (const [at, result] of answer.body.results.entries())
      assert.equal(result.status, at % 100 === 50 ? 'refused' : 'accepted');
    assert.match(answer.body.results[50].errors[0].message, /not valid JSON/);
    await until(async () => (await countOf(database.db, 2)) === BATCH - 5);
  });

  test('that the log cannot store are answered alone, and their neighbours of the same group count', async () => {
    const { db, url } = database;
    const log = await openPostgresLog({ db, directUrl: url, clock: systemClock, log: testLog, writes: true });
    const events = Array.from({ length: 200 }, (_, at) =>
      buildEvent({
        subject: { kind: 'campaign', id: 3 },
        actor: actorNumber(at),
        ...(at % 100 === 50 && { page: '\u0000' }),
      }),
    );
    const outcomes = await Promise.all(events.map((event) => log.append([event])));
    await log.close();
    for (const [at, [outcome]] of outcomes.entries())
      assert.equal(outcome?.status, at % 100 === 50 ? 'unstorable' : 'kept');
    await until(async () => (await countOf(database.db, 3)) === 198);
  });

  test('never end the server, and are no bug to it', () => {
    assert.equal(weir.child.exitCode, null);
    assert.ok(!weir.output().includes('bug:'), weir.output());
  });
});

test('events that cannot be counted are parked after five tries, and all of them count once when they are replayed', async (t) => {
  const database = await openTestDatabase();
  t.after(() => database.close());
  const { db } = database;
  const { ingest, log } = await openWriter(database, systemClock);
  const count = () => countUntilDry({ db, log, logger: testLog });
  const check = (repair = false) =>
    verify(db, { repair, signal: new AbortController().signal, onProgress: () => undefined });
  const minute = Math.floor(Date.now() / 60_000) * 60_000 - 3_600_000;
  await db.query(
    `insert into counters_minute (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
     values (1, 1, $1, 0, 2147483647, 0, 0)`,
    [new Date(minute)],
  );
  const inputs = Array.from({ length: BATCH }, (_, at) => ({
    type: 'view' as const,
    subject: { kind: 'campaign' as const, id: at % 100 === 50 ? 1 : 2 },
    actor: actorNumber(at),
    occurredAt: minute + at,
  }));
  const answers = await ingest.accept(inputs, buildSender());
  assert.ok(answers.every((answer) => answer.status === 'accepted'));
  await count();
  await log.close();
  const parked = await listParked(db, 10);
  assert.equal(parked.length, 5);
  for (const letter of parked) {
    assert.deepEqual([letter.origin, letter.reason, letter.tries], ['aggregate', 'uncountable', 5]);
    assert.match(letter.detail, /out of range/);
  }
  assert.deepEqual([await countOf(db, 1), await countOf(db, 2)], [0, BATCH - 5]);
  assert.ok((await check(true)).differences.length > 0);

  const env = { PATH: process.env.PATH ?? '', DATABASE_URL: database.url };
  const { stdout } = await run(process.execPath, [CLI, 'dlq', 'replay', '--json'], { env, cwd: tmpdir() });
  assert.deepEqual(JSON.parse(stdout), { replayed: 5, still: 0, unreadable: 0 });
  assert.deepEqual([await countOf(db, 1), await countOf(db, 2)], [5, BATCH - 5]);
  assert.deepEqual(await listParked(db, 10), []);
  const report = await check();
  assert.deepEqual([report.differences, report.brokenSeals], [[], []]);
});

async function countOf(db: Db, campaign: number): Promise<number> {
  const [row] = await db.query<{ n: number }>(
    'select coalesce(sum(views + clicks), 0)::int8 as n from counters_total where subject_id = $1',
    [campaign],
  );
  return row!.n;
}

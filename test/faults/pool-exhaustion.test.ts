import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { newEventId } from '../../src/events/event-id.ts';
import { openTestDatabase, type TestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { type Client, createHastyClient, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

const SLOW_REQUESTS = 500;
const EVENTS = 120;
/** Connections for requests. */
const POOL = 12;
/** Connections of a serving process that may wait without a request: one counts, three are for long work. */
const BACKGROUND = 1 + 3;

let database: TestDatabase;
let weir: RunningWeir;
let admin: Client;
let anyone: Client;
let campaign: number;
/** Nobody asked for it yet, so that its first event needs a look into the database. */
let cold: number;
let hours = 0;

before(async () => {
  database = await openTestDatabase();
  weir = await startWeir({ env: { DATABASE_URL: database.url, RATE_LIMITS: 'off' } });
  admin = await signIn(weir.url, weir.admin, createHastyClient);
  anyone = createHastyClient(weir.url, {});
  const body = {
    title: 'busy',
    content: 'Sale',
    start_date: '2020-01-01T00:00:00Z',
    end_date: '2099-01-01T00:00:00Z',
  };
  campaign = (await admin('POST', '/api/campaigns', body)).body.id;
  cold = (await admin('POST', '/api/campaigns', { ...body, title: 'cold' })).body.id;
  await anyone('GET', `/api/campaigns/${campaign}`);
});
after(async () => {
  await weir.close();
  await database.close();
});

test('500 requests for numbers that are locked: each ends, events are kept meanwhile, and then all is as before', async (t) => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const { promise: locked, resolve: lock } = Promise.withResolvers<void>();
  const holding = database.db.transaction(async (tx) => {
    await tx.query('lock table counters_quarter in access exclusive mode');
    lock();
    await released;
  });
  await locked;
  t.after(() => release());
  const stop = new AbortController();
  const watching = watch(stop.signal);
  let ended = 0;
  const ask = (count: number) =>
    Array.from({ length: count }, () =>
      admin('GET', `/api/campaigns/${campaign}/stats?${nextHour()}`).finally(() => {
        ended += 1;
      }),
    );
  const stats = ask(2 * POOL);
  await until(async () => (await countWaiting()) >= POOL);
  const event = await anyone('POST', '/api/events', { type: 'view', campaign_id: cold });
  assert.deepEqual([event.status, ended], [202, 0], 'an event does not wait for the pool');
  stats.push(...ask(SLOW_REQUESTS - stats.length));
  const [answers, kept] = await Promise.all([Promise.all(stats), sendEvents()]);
  // Nobody waits for the lock any more whose request is over: but for those who count and who verify.
  await until(async () => (await countWaiting()) <= BACKGROUND);
  stop.abort();
  const liveness = await watching;
  release();
  await holding;
  await until(async () => (await admin('GET', `/api/campaigns/${campaign}/stats`)).status === 200, 2_000);
  const slowest = Math.max(...kept.map((one) => one.ms));
  t.diagnostic(`slowest of ${kept.length} events: ${slowest.toFixed()} ms`);
  for (const { status, headers } of answers) {
    assert.equal(status, 503);
    assert.equal(headers.get('retry-after'), '1');
  }
  assert.deepEqual(tally(kept.map((one) => one.status)), { 202: kept.length });
  assert.deepEqual(tally(liveness), { 200: liveness.length });
  // An unhandled rejection ends the process.
  assert.equal(weir.child.exitCode, null, weir.output());
  await until(
    async () =>
      (await admin('GET', `/api/campaigns/${campaign}/stats?traffic=all`)).body.totals?.clicks === EVENTS / 2,
  );
});

/** Another hour for each: what is asked for twice is read once. */
function nextHour(): string {
  hours += 1;
  const at = (hour: number) => new Date(Date.UTC(2026, 0, 1, hour)).toISOString();
  return `from=${at(hours)}&to=${at(hours + 1)}`;
}

/** Events one after the other, each sent twice: a repeat is compared with its first copy. */
async function sendEvents(): Promise<{ status: number; ms: number }[]> {
  const ends: { status: number; ms: number }[] = [];
  for (let at = 0; at < EVENTS / 2; at += 1) {
    const event = { event_id: newEventId(), type: 'click', campaign_id: campaign };
    for (let copy = 0; copy < 2; copy += 1) {
      ends.push(await sendEvent(event));
    }
    await pause(20);
  }
  return ends;
}

/** A machine that is short of time may refuse it for now, which has nothing to do with the pool. */
async function sendEvent(event: object): Promise<{ status: number; ms: number }> {
  for (;;) {
    const startedAt = performance.now();
    const { status, body } = await anyone('POST', '/api/events', event);
    if (body.code !== 'overloaded') return { status, ms: performance.now() - startedAt };
    await pause(200);
  }
}

async function watch(signal: AbortSignal): Promise<number[]> {
  const liveness: number[] = [];
  while (!signal.aborted) {
    liveness.push((await anyone('GET', '/health/live')).status);
    await pause(50);
  }
  return liveness;
}

async function countWaiting(): Promise<number> {
  const [row] = await database.db.query<{ n: number }>(
    `select count(*)::int8 as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return row!.n;
}

function tally(statuses: readonly number[]): Record<number, number> {
  return Object.fromEntries(
    [...Map.groupBy(statuses, (one) => one)].map(([status, all]) => [status, all.length]),
  );
}

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import type { Event } from '../../src/events/event.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { createHistory, type HistoryLine, type Outcome, readHistory } from '../../src/proof/history.ts';
import { createLatencies } from '../../src/proof/latency.ts';
import { runLoad } from '../../src/proof/load.ts';
import { checkHistory } from '../../src/proof/oracle.ts';
import { createRandom } from '../../src/proof/random.ts';
import { buildEvent } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-oracle-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('the oracle', () => {
  let database: TestDatabase;
  let files = 0;
  before(async () => (database = await openTestDatabase()));
  after(() => database.close());

  async function store(events: readonly Event[]): Promise<void> {
    const { db, url } = database;
    const log = await openPostgresLog({ db, directUrl: url, clock: systemClock, log: testLog, writes: true });
    await log.append(events);
    await countUntilDry({ db, log, logger: testLog });
    await log.close();
  }

  async function check(lines: readonly HistoryLine[]) {
    files += 1;
    const path = join(folder, `${files}.ndjson`);
    const history = createHistory(path);
    for (const line of lines) history.add(line);
    await history.close();
    const { lost, dup, mismatch } = await checkHistory(database.db, path);
    return { lost, dup, mismatch };
  }

  /** Two events of a campaign of its own. */
  function pair(campaign: number): [Event, Event] {
    const subject = { kind: 'campaign', id: campaign } as const;
    return [buildEvent({ subject }), buildEvent({ subject, type: 'click' })];
  }

  const sent = (event: Event, outcome: Outcome): HistoryLine => ({
    event_id: event.id,
    campaign_id: event.subject.id,
    type: event.type,
    outcome,
  });

  test('finds nothing where acknowledged events are kept, refused ones are not, and unknown ones may be', async () => {
    const [kept, maybe] = pair(1);
    const [refused, gone] = pair(1);
    await store([kept, maybe]);
    const lines = [sent(kept, 'ok'), sent(maybe, 'unknown'), sent(refused, 'fail'), sent(gone, 'unknown')];
    assert.deepEqual(await check(lines), { lost: 0, dup: 0, mismatch: 0 });
  });

  test('names an acknowledged event that is not there', async () => {
    const [kept, missing] = pair(2);
    await store([kept]);
    assert.deepEqual(await check([sent(kept, 'ok'), sent(missing, 'ok')]), { lost: 1, dup: 0, mismatch: 0 });
  });

  test('names a refused event that was kept, and a row that nobody sent', async () => {
    const [kept, refused] = pair(3);
    await store([kept, refused]);
    assert.equal((await check([sent(kept, 'ok'), sent(refused, 'fail')])).mismatch, 1);
    assert.equal((await check([sent(kept, 'ok')])).mismatch, 1);
  });

  test('names a row of another type, and a counter that was altered', async () => {
    const [view, click] = pair(4);
    await store([view, click]);
    assert.equal((await check([sent(view, 'ok'), { ...sent(click, 'ok'), type: 'view' }])).mismatch, 1);
    await database.db.query('update counters_total set views = views + 3 where subject_id = 4');
    assert.equal((await check([sent(view, 'ok'), sent(click, 'ok')])).mismatch, 3);
  });

  test('names a copy in another partition', async () => {
    const [view, click] = pair(5);
    await store([view, click]);
    await database.db.query(
      `insert into event_log select (jsonb_populate_record(e, '{"day": -1, "seq": 900001}')).* from event_log e where event_id = $1`,
      [view.id],
    );
    const { dup } = await check([sent(view, 'ok'), sent(click, 'ok')]);
    assert.equal(dup, 1);
  });
});

describe('the load generator', () => {
  test('repeats what was lost or refused for now under the same id, and keeps a lost answer unknown', async () => {
    const tries = new Map<string, number>();
    // An id decides its fate: cut off for ever, refused once, refused for good, or taken.
    const server = createServer(async (request, response) => {
      let text = '';
      for await (const part of request) text += part;
      const { event_id: id } = JSON.parse(text) as { event_id: string };
      const count = (tries.get(id) ?? 0) + 1;
      tries.set(id, count);
      const fate = createHash('sha256').update(id).digest()[0]! % 4;
      const answer = (status: number, code: string) =>
        response.writeHead(status).end(JSON.stringify({ code }));
      if (fate === 0) request.socket.destroy();
      else if (fate === 1 && count === 1) answer(503, 'overloaded');
      else if (fate === 2) answer(422, 'invalid');
      else answer(202, '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const path = join(folder, 'load.ndjson');
    const history = createHistory(path);
    const report = await runLoad({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      campaigns: [1],
      rate: 200,
      seconds: 0.5,
      token: undefined,
      history,
      random: createRandom(1),
      signal: new AbortController().signal,
      timeoutMs: 1_000,
      giveUpMs: 3_000,
      onProgress: () => undefined,
    });
    await history.close();
    server.close();
    assert.equal(report.events, 100);
    const wanted: Record<number, Outcome> = { 0: 'unknown', 1: 'ok', 2: 'fail', 3: 'ok' };
    for await (const lines of readHistory(path, 7)) {
      for (const { event_id, outcome } of lines) {
        const fate = createHash('sha256').update(event_id).digest()[0]! % 4;
        assert.equal(outcome, wanted[fate]);
        assert.ok(fate > 1 ? tries.get(event_id) === 1 : tries.get(event_id)! > 1);
      }
    }
  });

  test('tells percentiles within two percent, in constant memory', () => {
    const latencies = createLatencies();
    for (let ms = 1; ms <= 10_000; ms += 1) latencies.record(ms);
    const { p50, p99, max } = latencies.summary();
    assert.ok(p50 >= 5_000 && p50 < 5_100, String(p50));
    assert.ok(p99 >= 9_900 && p99 < 10_000.1, String(p99));
    assert.equal(max, 10_000);
  });
});

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createMemoryLog } from '../src/engines/memory/memory-log.ts';
import { createRawRows } from '../src/engines/postgres/raw-rows.ts';
import { startAggregator } from '../src/pipeline/aggregate/index.ts';
import {
  backLog,
  findMove,
  finishLog,
  type LogMoveDeps,
  listSources,
  moveLog,
  noteAddress,
} from '../src/pipeline/move/index.ts';
import { findRecordLag, registerPartitions, startRecorder } from '../src/pipeline/record/index.ts';
import { isClean, verify } from '../src/pipeline/verify/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { buildEvent } from './support/builders.ts';
import { openTestDatabase, openTestLog, type TestDatabase, testLog } from './support/database.ts';

const OWN = 'postgres';
const OTHER = 'kafka://away:9092/events';

describe('a move of the event log', () => {
  let database: TestDatabase;
  let own: EventLog;
  let other: EventLog;
  let serving = OWN;
  let counting = 0;
  const said: string[] = [];
  before(async () => {
    database = await openTestDatabase();
    own = await openTestLog(database);
    const memory = createMemoryLog({ keepsCopies: true });
    other = { ...memory, clock: own.clock };
  });
  after(async () => {
    await own.close();
    await database.close();
  });

  function deps(stop = new AbortController(), stopAt?: string): LogMoveDeps {
    const { db } = database;
    const recorded = { db, log: other, rows: createRawRows(db), logger: testLog };
    return {
      db,
      serving,
      own: OWN,
      isSame: (one, another) => one === another,
      open: async (address) => {
        if (address === OWN) return own;
        await noteAddress(db, other.identity, OTHER);
        await registerPartitions(db, other);
        return other;
      },
      startCounting: () => {
        const running = [startAggregator({ db, log: own, logger: testLog }), startRecorder(recorded)];
        counting += 1;
        return {
          close: async () => {
            await Promise.all(running.map((one) => one.close()));
            counting -= 1;
          },
        };
      },
      readLag: () => findRecordLag(recorded),
      signal: stop.signal,
      onProgress: ({ state, waiting }) => {
        said.push(...waiting);
        if (state === stopAt) stop.abort();
      },
    };
  }
  const note = (name: string, writesTo: string, secondsAgo: number, problem: string | null = null) =>
    database.db.query(
      `insert into log_writers (id, name, writes_to, problem, seen_at)
       values ($1, $2, $3, $4, clock_timestamp() - $5 * interval '1 second')`,
      [randomUUID(), name, writesTo, problem, secondsAgo],
    );
  const forget = () => database.db.query('delete from log_writers');
  const stateOf = async () => (await findMove(database.db, 'event-log'))?.state;

  test('waits for every process that writes, says what keeps it, and can be given up', async () => {
    await note('alive/1', OWN, 0, 'Kafka does not answer');
    const stop = new AbortController();
    const report = await moveLog(deps(stop, 'preparing'), OTHER);
    assert.deepEqual([report.state, report.finished], ['preparing', false]);
    assert.ok(said.includes('alive/1: Kafka does not answer'));
    await assert.rejects(moveLog(deps(), 'kafka://third:9092/events'), /is under way \(preparing\)/);
    assert.equal((await backLog(deps())).state, 'back');
    // It was empty: it holds nothing back.
    assert.deepEqual(await listSources(database.db), []);
    await forget();
  });

  test('does not wait for one that is silent', async () => {
    await note('dead/1', OWN, 10);
    await own.append([buildEvent()]);
    assert.equal((await moveLog(deps(new AbortController(), 'switching'), OTHER)).finished, false);
  });

  test('leaves nothing running where its database fails, and resumes', async () => {
    const { db } = database;
    for (const lost of [/clock_timestamp\(\) as now/, /as through from log_lanes/]) {
      const failing = {
        ...db,
        query: <R extends object>(text: string, ...rest: [(readonly unknown[])?, string?]) =>
          lost.test(text) ? Promise.reject(new Error('away')) : db.query<R>(text, ...rest),
      };
      await assert.rejects(moveLog({ ...deps(), db: failing }, undefined), /away/);
      assert.equal(counting, 0);
    }
    assert.equal((await moveLog(deps(), undefined)).state, 'done');
    serving = OTHER;
    await other.append([buildEvent(), buildEvent()]);
  });

  test('returns, and counts what the other log took meanwhile', async () => {
    await note('dead/2', OTHER, 10);
    assert.deepEqual(await backLog(deps()), { source: OTHER, target: OWN, state: 'done', finished: true });
    serving = OWN;
    const [row] = await database.db.query<{ views: number }>(
      'select sum(views)::int8 as views from counters_total',
    );
    assert.equal(row?.views, 3);
  });

  test('the old log is left only once nobody can acknowledge an event there', async () => {
    const stop = new AbortController();
    assert.equal((await finishLog(deps(stop, 'done'))).finished, false);
    assert.match(said.at(-1)!, /^dead\/2 wrote to the old log when it was last heard of/);
    assert.equal((await listSources(database.db)).length, 1);
    await database.db.query(`update log_writers set seen_at = seen_at - interval '2 minutes'`);
    await other.append([buildEvent()]);
    assert.equal((await finishLog(deps())).state, 'finished');
    assert.deepEqual(await listSources(database.db), []);
    assert.equal(await stateOf(), 'finished');
    const { signal } = new AbortController();
    assert.ok(isClean(await verify(database.db, { repair: false, signal, onProgress: () => undefined })));
    const [row] = await database.db.query<{ views: number }>(
      'select sum(views)::int8 as views from counters_total',
    );
    assert.equal(row?.views, 4);
  });
});

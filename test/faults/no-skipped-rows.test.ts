import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { AppError } from '../../src/kit/errors.ts';
import type { EventLog } from '../../src/ports/event-log.ts';
import { createRandom } from '../../src/proof/random.ts';
import { buildEvent } from '../support/builders.ts';
import { openTestDatabase, type TestDatabase, testLog } from '../support/database.ts';

const WRITERS = 8;
/** Callers of one writer, so that a group holds events of several requests. */
const CALLERS = 3;
const ROUNDS = 25;
const MAX_EVENTS = 12;
const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Makes some commits slow and lets some groups roll back, by what an event says in `page`. */
const TROUBLE = `
create function trouble() returns trigger language plpgsql as $$
begin
  if new.page = 'slow' then perform pg_sleep(0.04); end if;
  if new.page = 'unstorable' then raise exception 'refused by the test' using errcode = '22000'; end if;
  if new.page = 'rollback' then raise exception 'rolled back by the test' using errcode = '40001'; end if;
  return null;
end $$;
create trigger trouble after insert on event_log for each row execute function trouble();`;

const TROUBLES = [
  { below: 0.1, page: 'rollback' },
  { below: 0.15, page: 'unstorable' },
  { below: 0.35, page: 'slow' },
];

interface Outcomes {
  readonly kept: Set<string>;
  readonly refused: Set<string>;
  readonly unknown: Set<string>;
}

describe('a reader that follows lanes by cursor', () => {
  let database: TestDatabase;
  const random = createRandom(seed);
  const outcomes: Outcomes = { kept: new Set(), refused: new Set(), unknown: new Set() };
  const seen: string[] = [];

  before(async () => {
    database = await openTestDatabase();
    await database.db.query(TROUBLE);
  });
  after(() => database.close());

  const open = (writes: boolean) =>
    openPostgresLog({ db: database.db, directUrl: database.url, clock: systemClock, log: testLog, writes });

  test(`skips and repeats nothing while commits are slow, roll back, and lose their connection (seed ${seed})`, async (t) => {
    t.diagnostic(`FAULT_SEED=${seed} repeats what is written and broken`);
    const logs = await Promise.all(Array.from({ length: WRITERS }, () => open(true)));
    const reader = await open(false);
    const stop = new AbortController();
    const following = follow(reader, stop.signal);
    const killing = killWriters(stop.signal);
    const writing = logs.flatMap((log) => Array.from({ length: CALLERS }, () => write(log)));
    await Promise.race([Promise.all(writing), following]).finally(() => stop.abort());
    const kills = await killing;
    await following;
    await Promise.all([...logs, reader].map((log) => log.close()));

    const { kept, refused, unknown } = outcomes;
    t.diagnostic(
      `kept ${kept.size}, rolled back ${refused.size}, unknown ${unknown.size}, killed ${kills}, read ${seen.length}`,
    );
    const read = new Set(seen);
    assert.equal(read.size, seen.length, 'none was read twice');
    assert.deepEqual(
      [...kept].filter((id) => !read.has(id)),
      [],
      'none was skipped',
    );
    assert.deepEqual(
      seen.filter((id) => refused.has(id)),
      [],
      'what was rolled back is not there',
    );
    assert.deepEqual(
      seen.filter((id) => !kept.has(id) && !unknown.has(id)),
      [],
    );
    // Otherwise nothing was broken, and nothing proven.
    assert.ok(kept.size > 300 && refused.size > 0 && unknown.size > 0 && kills > 0);
  });

  async function write(log: EventLog): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      const trouble = random();
      const page = TROUBLES.find(({ below }) => trouble < below)?.page;
      const events = Array.from({ length: 1 + Math.floor(random() * MAX_EVENTS) }, (_, at) =>
        buildEvent(at === 0 && page !== undefined ? { page } : {}),
      );
      const answers = await log.append(events).catch(async (error: unknown) => {
        if (!(error instanceof AppError)) throw error;
        // While its connection is opened anew there is nothing to write to.
        await pause(5);
        return error.code === 'outcome_unknown' ? 'unknown' : 'refused';
      });
      for (const [at, event] of events.entries()) {
        const answer = typeof answers === 'string' ? answers : answers[at]?.status;
        outcomes[answer === 'kept' || answer === 'unknown' ? answer : 'refused'].add(event.id);
      }
    }
  }

  /** Reads each lane on from where it stopped, over and over; the last round begins after the last write. */
  async function follow(log: EventLog, signal: AbortSignal): Promise<void> {
    const cursors = new Map<number, number>();
    for (let last = false; !last; ) {
      last = signal.aborted;
      for (const { partition } of await log.listPartitions()) {
        for (let atEnd = false; !atEnd; ) {
          const batch = await log.read(partition, cursors.get(partition) ?? 0, 50);
          for (const { position, event } of batch.events) {
            assert.ok(position > (cursors.get(partition) ?? 0));
            cursors.set(partition, position);
            seen.push(event.id);
          }
          atEnd = batch.atEnd;
        }
      }
    }
  }

  /** Ends the session of a writer in the middle of its statement. */
  async function killWriters(signal: AbortSignal): Promise<number> {
    let kills = 0;
    while (!signal.aborted) {
      await pause(60);
      const ended = await database.db.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and application_name = 'weir-log' and state = 'active'
         order by query_start limit 1`,
      );
      kills += ended.length;
    }
    return kills;
  }
});

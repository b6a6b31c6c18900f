import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { createDaySecrets } from '../src/db/day-secrets.ts';
import { type Clock, systemClock } from '../src/kit/clock.ts';
import { AppError } from '../src/kit/errors.ts';
import {
  IMPORT_LANES,
  type ImportDeps,
  type ImportOptions,
  type ImportProgress,
  importLog,
  listImports,
  parseRules,
} from '../src/pipeline/import/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { openTestDatabase, openTestLog, type TestDatabase } from './support/database.ts';

const SAMPLE = fileURLToPath(new URL('./data/access-combined.log.gz', import.meta.url));
const never = new AbortController().signal;

let database: TestDatabase;
let log: EventLog;
let folder: string;
let deps: ImportDeps;
let wanted: Map<string, { id: number; firstAt: number; lastAt: number }>;

before(async () => {
  database = await openTestDatabase();
  log = await openTestLog(database, IMPORT_LANES);
  folder = await mkdtemp(join(tmpdir(), 'weir-import-'));
});

after(async () => {
  await log.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await database.db.query('truncate event_log, imports, dead_letters, day_secrets');
  wanted = new Map();
  deps = makeDeps(log);
});

function makeDeps(into: EventLog): ImportDeps {
  return {
    db: database.db,
    log: into,
    secrets: createDaySecrets(database.db),
    clock: systemClock,
    findOrCreateCampaign: async ({ title, firstAt, lastAt }) => {
      const id = wanted.get(title)?.id ?? wanted.size + 1;
      wanted.set(title, { id, firstAt, lastAt });
      return id;
    },
  };
}

const run = (path: string, options: Partial<ImportOptions> = {}, using = deps) =>
  importLog(using, { path, signal: never, ...options });

interface Row {
  event_id: string;
  title: number;
  rule: number;
}
const rows = () =>
  database.db.query<Row>(
    `select event_id, subject_id, type, occurred_at, rule, user_agent, referrer, page, network
     from event_log order by event_id`,
  );

const line = (over: { ip?: string; time?: string; path?: string; agent?: string; status?: number } = {}) =>
  `${over.ip ?? '203.0.113.9'} - - [${over.time ?? '17/May/2015:10:05:03 +0900'}] "GET ${over.path ?? '/blog/a'} HTTP/1.1" ${over.status ?? 200} 12 "-" "${over.agent ?? 'Mozilla/5.0 (X11; Linux x86_64; rv:27.0) Gecko/20100101 Firefox/27.0'}"`;

/** A machine so slow that the position is due to be saved after each batch, also after the one that a stop interrupts. */
function slowClock(): Clock {
  let elapsedMs = 0;
  return { now: systemClock.now, monotonicMs: () => (elapsedMs += 60_000) };
}

async function writeLog(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

/** The default rule again, by other means: what the sample must come to. */
async function expectedOfSample() {
  const text = gunzipSync(await readFile(SAMPLE)).toString('latin1');
  const found = new Map<string, number>();
  let unreadable = 0;
  for (const one of text.split('\n').filter(Boolean)) {
    // One line of the sample breaks off in the middle of its agent.
    if (!/"[^"]*" \d{3} (\d+|-) "[^"]*" "[^"]*"$/.test(one)) {
      unreadable += 1;
      continue;
    }
    const match = /"GET (\/[^ ?#]*)[^ ]* HTTP\/[^"]*" (2\d\d|304) /.exec(one);
    const isAsset =
      /(\.(css|js|mjs|map|png|jpg|jpeg|gif|svg|ico|webp|avif|bmp|woff|woff2|ttf|otf|eot)|^\/robots\.txt)$/i;
    if (!match || isAsset.test(match[1]!)) continue;
    const title = `/${match[1]!.split('/').filter(Boolean)[0] ?? ''}`;
    found.set(title, (found.get(title) ?? 0) + 1);
  }
  return { found, unreadable, events: [...found.values()].reduce((sum, count) => sum + count, 0) };
}

describe('importing a log', () => {
  test('the whole sample gives one event for each line the default rule counts, and a second run adds nothing', async () => {
    const expected = await expectedOfSample();
    const seen: ImportProgress[] = [];
    const report = await run(SAMPLE, { onProgress: (progress) => seen.push(progress) });
    assert.equal(report.state, 'done');
    assert.equal(report.lines, 10_000);
    assert.equal(report.events, expected.events);
    assert.equal(report.added, expected.events);
    assert.equal(report.parked, expected.unreadable);
    assert.equal(report.passedOver, 10_000 - expected.events - expected.unreadable);
    const counted = await database.db.query<{ subject_id: number; events: number }>(
      'select subject_id, count(*) as events from event_log group by 1',
    );
    const byId = new Map(counted.map((row) => [row.subject_id, row.events]));
    assert.equal(byId.size, expected.found.size);
    for (const [title, count] of expected.found)
      assert.equal(byId.get(report.campaigns[title]!), count, title);
    const [days] = await database.db.query<{ first: Date; last: Date }>(
      'select min(occurred_at) as first, max(occurred_at) as last from event_log',
    );
    assert.equal(days!.first.toISOString().slice(0, 10), '2015-05-17');
    assert.equal(days!.last.toISOString().slice(0, 10), '2015-05-20');
    assert.equal(Math.min(...[...wanted.values()].map((one) => one.firstAt)), days!.first.getTime());
    assert.equal(Math.max(...[...wanted.values()].map((one) => one.lastAt)), days!.last.getTime());
    assert.deepEqual([...new Set(seen.map((one) => one.phase))], ['survey', 'write']);
    assert.equal(seen.at(-1)!.bytesRead, seen.at(-1)!.bytesTotal);

    const before = await rows();
    const again = await run(SAMPLE);
    assert.equal(again.state, 'already_done');
    assert.equal(again.added, 0);
    assert.deepEqual(await rows(), before);
  });

  test('a log and its unpacked copy are one import, even after its raw rows are dropped', async () => {
    await run(SAMPLE);
    await database.db.query('truncate event_log');
    const path = await writeLog('renamed.log', gunzipSync(await readFile(SAMPLE)));
    assert.equal((await run(path)).state, 'already_done');
    assert.equal((await rows()).length, 0);
  });

  test('a run that is stopped half-way and run again leaves the rows of an uninterrupted one', async () => {
    const may = gunzipSync(await readFile(SAMPLE)).toString('latin1');
    const path = await writeLog(
      'two-months.log',
      Buffer.from(may + may.replaceAll('/May/', '/Jun/'), 'latin1'),
    );
    const stop = new AbortController();
    const stopAt4000 = {
      signal: stop.signal,
      onProgress: (at: ImportProgress) => at.phase === 'write' && at.lines > 4_000 && stop.abort(),
    };
    const first = await run(path, stopAt4000, { ...deps, clock: slowClock() });
    assert.equal(first.state, 'interrupted');
    const part = (await rows()).length;
    assert.ok(part > 0 && part <= 4_000, `${part} rows`);
    const [shown] = await listImports(database.db);
    assert.equal(shown!.state, 'interrupted');
    assert.ok(shown!.lines > 3_000 && shown!.lines < 12_000, `${shown!.lines} lines`);
    const second = await run(path);
    assert.equal(second.state, 'done');
    assert.equal(second.added + part, second.events);
    const resumed = await rows();
    const secrets = await database.db.query<{ secret: Buffer }>(
      `select secret from day_secrets where purpose = 'address_hash'`,
    );

    await database.db.query('truncate event_log, imports');
    assert.equal(secrets.length, 1);
    await run(path);
    assert.deepEqual(await rows(), resumed);
    assert.ok(resumed.some((row) => row.rule === 0) && resumed.some((row) => row.rule === 2));
  });

  test('a process that is killed and started again leaves the rows of one that was not', async () => {
    const script = fileURLToPath(new URL('./support/import-run.ts', import.meta.url));
    const child = spawn(process.execPath, [script, database.url, SAMPLE], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', () => child.kill('SIGKILL'));
    await once(child, 'close');
    assert.equal(child.signalCode, 'SIGKILL');
    // Its successor at once: no lock and no lease of the dead one holds it back.
    assert.equal((await run(SAMPLE)).state, 'done');
    const resumed = await rows();
    await database.db.query('truncate event_log, imports');
    wanted.clear();
    const whole = await run(SAMPLE);
    assert.equal(whole.added, whole.events);
    assert.deepEqual(await rows(), resumed);
  });

  test('a run that died between the log and the ledger counts nothing twice', async () => {
    await run(SAMPLE);
    const before = await rows();
    await database.db.query(`update imports set state = 'running', lines = 1500, finished_at = null`);
    const report = await run(SAMPLE);
    assert.equal(report.state, 'done');
    assert.equal(report.added, 0);
    assert.equal(report.known, report.events);
    assert.deepEqual(await rows(), before);
  });

  test('equal lines are events of their own, and a log that grew adds only what is new', async () => {
    const old = [line(), line(), line({ path: '/shop' })].join('\n');
    assert.equal((await run(await writeLog('a.log', `${old}\n`))).added, 3);
    const grown = await run(await writeLog('b.log', `${old}\n${line()}\n`));
    assert.equal(grown.added, 1);
    assert.equal(grown.known, 3);
    assert.equal((await rows()).length, 4);
  });

  test('a log that says "not now" gets the same batch again until it is kept', async () => {
    let refusals = 0;
    const moody: EventLog = {
      ...log,
      append: async (events) => {
        refusals += 1;
        if (refusals % 3 === 1) throw new AppError('overloaded', 'full');
        const outcomes = await log.append(events);
        if (refusals % 3 === 2) throw new AppError('outcome_unknown', 'who knows');
        return outcomes;
      },
    };
    const report = await run(SAMPLE, {}, makeDeps(moody));
    assert.equal(report.state, 'done');
    assert.equal((await rows()).length, report.events);
  });

  test('a batch that is kept before the one ahead of it moves no position, and the next run knows its lines', async () => {
    const second = Promise.withResolvers<void>();
    let batches = 0;
    let at = 0;
    const broken: EventLog = {
      ...log,
      append: async (events) => {
        batches += 1;
        if (batches === 1) {
          await second.promise;
          throw new Error('broken');
        }
        const outcomes = await log.append(events);
        second.resolve();
        return outcomes;
      },
    };
    // A position is saved every second, here each time there is one.
    const clock = { ...systemClock, monotonicMs: () => (at += 2_000) };
    await assert.rejects(run(SAMPLE, {}, { ...makeDeps(broken), clock }), /broken/);
    const [shown] = await listImports(database.db);
    assert.deepEqual([shown!.state, shown!.lines], ['failed', 0]);
    const part = (await rows()).length;
    assert.ok(part > 0);
    const report = await run(SAMPLE);
    assert.deepEqual([report.state, report.known, report.added], ['done', part, report.events - part]);
  });

  test('two processes that import one log at once: the second is refused', async () => {
    const begun = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const held: EventLog = {
      ...log,
      append: async (events) => {
        begun.resolve();
        await gate.promise;
        return log.append(events);
      },
    };
    const first = run(SAMPLE, {}, makeDeps(held));
    await begun.promise;
    await assert.rejects(run(SAMPLE), (error: AppError) => error.code === 'conflict');
    gate.resolve();
    assert.equal((await first).added, (await expectedOfSample()).events);
    assert.equal((await run(SAMPLE)).state, 'already_done');
  });

  test('a row whose process died shows as interrupted', async () => {
    await run(await writeLog('dead.log', `${line()}\n`));
    await database.db.query(`update imports set state = 'running', updated_at = now() - interval '11 s'`);
    const [row] = await listImports(database.db);
    assert.equal(row!.state, 'interrupted');
    assert.equal(row!.eta_ms, null);
  });
});

describe('bad lines', () => {
  test('are parked with number, reason and every byte, once each however often the log is read', async () => {
    const binary = Buffer.from([0x16, 0x03, 0x00, 0xff, 0xfe, 0x22, 0x5b]);
    const content = Buffer.concat([
      Buffer.from(`${line()}\nno log line at all\n`),
      binary,
      Buffer.from(
        `\n\n${line({ time: '31/Feb/2015:10:05:03 +0000' })}\r\n${line({ path: '/x'.repeat(40_000) })}\n`,
      ),
      Buffer.from(`${line({ ip: '2001:db8::7', agent: 'say \\"hi\\" \\x00' })}`),
    ]);
    const path = await writeLog('bad.log', content);
    const report = await run(path);
    assert.deepEqual([report.lines, report.events, report.parked, report.passedOver], [7, 2, 4, 1]);
    const parked = () =>
      database.db.query<{ origin: string; reason: string; detail: string; payload: Record<string, unknown> }>(
        `select origin, reason, detail, payload from dead_letters order by (payload ->> 'line_number')::int`,
      );
    const first = await parked();
    assert.deepEqual(
      first.map((letter) => letter.detail),
      [
        'line 2: no [day/Mon/year:hh:mm:ss +zone]',
        'line 3: no client address',
        'line 5: no such date or time',
        'line 6: longer than 64 KB',
      ],
    );
    assert.equal(first[0]!.origin, `import:${report.id}`);
    assert.deepEqual(first[0]!.payload, { line_number: 2, line: 'no log line at all', encoding: 'utf8' });
    assert.equal(Buffer.from(String(first[1]!.payload.line), 'base64').compare(binary), 0);
    assert.equal(first[3]!.payload.truncated, true);
    await database.db.query(`update imports set state = 'running', lines = 0`);
    await run(path);
    assert.deepEqual(await parked(), first);
    const [kept] = await database.db.query<{ network: string; user_agent: string }>(
      'select network::text, user_agent from event_log where family(network) = 6',
    );
    assert.deepEqual(kept, { network: '2001:db8::/48', user_agent: 'say "hi" \\x00' });
  });

  test('a file without one readable line is refused as no log, and leaves nothing', async () => {
    const path = await writeLog('photo.log', Buffer.from('not\na\nlog\n'));
    await assert.rejects(run(path), (error: AppError) => error.code === 'invalid');
    assert.deepEqual(await listImports(database.db), []);
    await assert.rejects(run(join(folder, 'missing.log')), (error: AppError) => error.code === 'not_found');
  });

  test('a packed log that is cut off is refused before anything is written', async () => {
    const path = await writeLog('cut.gz', (await readFile(SAMPLE)).subarray(0, 50_000));
    await assert.rejects(run(path), /damaged/);
    assert.equal((await rows()).length, 0);
  });

  test('an empty log is done', async () => {
    assert.equal((await run(await writeLog('empty.log', ''))).state, 'done');
  });
});

describe('rules', () => {
  test('say which requests are what of which campaign; the first that fits decides', async () => {
    const rules = parseRules(
      JSON.stringify({
        rules: [
          { path: '/blog/private*', type: 'ignore' },
          { path: '/out/*/go', type: 'click', campaign: 'Spring', status: 302 },
          { path: '/ad.png', assets: true, campaign: 77 },
          { path: '/blog/*', campaign: 'Blog' },
        ],
      }),
    );
    const requests = [
      line({ path: '/blog/private/1' }),
      line({ path: '/out/a/b/go?x=1', status: 302 }),
      line({ path: '/out/go', status: 302 }),
      line({ path: '/ad.png' }),
      line({ path: '/blog/1' }),
      line({ path: '/shop' }),
    ];
    const report = await run(await writeLog('rules.log', requests.join('\n')), { rules });
    const kept = await database.db.query<{ type: number; subject_id: number }>(
      'select type, subject_id from event_log order by subject_id',
    );
    assert.deepEqual(kept, [
      { type: 3, subject_id: report.campaigns.Spring },
      { type: 1, subject_id: report.campaigns.Blog },
      { type: 1, subject_id: 77 },
    ]);
  });

  test('that are wrong are told in one message, every one of them', () => {
    const text = JSON.stringify({
      rule: 1,
      rules: [
        { path: 'blog', method: 'get', status: '9xx', type: 'look', campaign: '' },
        { path: '/', campain: 1 },
      ],
    });
    assert.throws(
      () => parseRules(text),
      (error: AppError) => {
        assert.deepEqual(
          error.errors?.map((one) => one.path),
          [
            'rule',
            'rules.0.path',
            'rules.0.type',
            'rules.0.method',
            'rules.0.status',
            'rules.0.campaign',
            'rules.1.campain',
            'rules.1.campaign',
          ],
        );
        for (const one of error.errors ?? []) assert.ok(error.message.includes(one.message));
        return true;
      },
    );
    assert.throws(() => parseRules('{'), /no JSON/);
    assert.throws(() => parseRules('[]'), /at least one rule/);
  });

  test('cannot change in the middle of an import', async () => {
    const stop = new AbortController();
    await run(SAMPLE, { signal: stop.signal, onProgress: (at) => at.phase === 'write' && stop.abort() });
    const rules = parseRules('{"rules":[{"path":"/*","campaign":"All"}]}');
    await assert.rejects(run(SAMPLE, { rules }), (error: AppError) => error.code === 'conflict');
  });
});

describe('memory', () => {
  test('stays flat over a log of 50 MB', async () => {
    const path = join(folder, 'big.log');
    const file = await open(path, 'w');
    const bytes = 50 * 1_048_576;
    for (let written = 0, count = 0; written < bytes; ) {
      let block = '';
      // One in a hundred is an event: the memory of reading is what is measured, not the speed of the database.
      for (let index = 0; index < 2_000; index += 1, count += 1)
        block += `${line({ path: count % 100 === 0 ? `/blog/${count}` : `/a/${count}.png` })}\n`;
      await file.write(block);
      written += block.length;
    }
    await file.close();
    const base = process.memoryUsage().rss;
    let most = base;
    const report = await run(path, {
      onProgress: () => {
        most = Math.max(most, process.memoryUsage().rss);
      },
    });
    assert.equal(report.state, 'done');
    assert.ok(most - base < 200 * 1_048_576, `grew by ${Math.round((most - base) / 1_048_576)} MB`);
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server as RawServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createHistory, type HistoryLine, readHistory } from '../src/proof/history.ts';
import { type LoadOptions, runLoad } from '../src/proof/load.ts';
import { runFleet } from '../src/proof/load-fleet.ts';
import { createRandom } from '../src/proof/random.ts';
import { openTestDatabase } from './support/database.ts';
import { until } from './support/until.ts';
import { findFreePort, signIn, startWeir } from './support/weir.ts';

const WEIR = fileURLToPath(new URL('../src/cli/weir.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'weir-load-'));
after(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

async function listen(server: Server | RawServer): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A run on `url`, and what the client then knows of each event. */
async function run(url: string, parts: Partial<LoadOptions> = {}) {
  files += 1;
  const path = join(folder, `${files}.ndjson`);
  const history = createHistory(path);
  const report = await runLoad({
    url,
    campaigns: [1, 2],
    rate: 400,
    seconds: 0.1,
    token: undefined,
    history,
    random: createRandom(1),
    signal: new AbortController().signal,
    timeoutMs: 5_000,
    giveUpMs: 0,
    onProgress: () => undefined,
    ...parts,
  });
  await history.close();
  return { report, lines: await readLines(path) };
}

async function readLines(path: string): Promise<HistoryLine[]> {
  const lines: HistoryLine[] = [];
  for await (const group of readHistory(path, 1_000)) lines.push(...group);
  return lines;
}

const idOf = (text: string) => /event_id(?:=|":")([0-9a-f-]{36})/.exec(text)![1]!;

/** Answers each request by hand; `answer` gets its text and how often this id has come. */
function rawServer(answer: (text: string, tries: number) => string | undefined, close = false): RawServer {
  const tries = new Map<string, number>();
  return createRawServer((socket) => {
    let text = '';
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      text += bytes;
      const head = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/.exec(text)?.[1] ?? 0);
      if (head < 0 || text.length < head + 4 + length) return;
      const id = idOf(text);
      const count = (tries.get(id) ?? 0) + 1;
      tries.set(id, count);
      const back = answer(text, count);
      text = '';
      if (back === undefined) socket.resetAndDestroy();
      else if (close) socket.end(back);
      else socket.write(back);
    });
  });
}

const ACCEPTED = 'HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}';

describe('what an answer means for an event', { concurrency: true }, () => {
  test('a connection that is refused is fail, never unknown', async () => {
    const { report, lines } = await run(`http://127.0.0.1:${await findFreePort()}`);
    assert.deepEqual([report.events, report.fail, report.unknown], [40, 40, 0]);
    assert.deepEqual(Object.keys(report.answers), ['ECONNREFUSED']);
    assert.ok(lines.every((line) => line.outcome === 'fail'));
  });

  test('a reset after the request is unknown; one inside a 202 is ok, inside a batch of it unknown', async () => {
    const before = await run(await listen(rawServer(() => undefined)));
    assert.equal(before.report.unknown, 40);
    const cut = await listen(rawServer(() => 'HTTP/1.1 202 Accepted\r\ncontent-length: 99\r\n\r\n{', true));
    assert.equal((await run(cut)).report.ok, 40);
    assert.equal((await run(cut, { mix: { batch: 1 }, batch: 8 })).report.unknown, 40);
  });

  test('each event of a batch has its own end, and only what is unknown is asked again', async () => {
    const seen: string[] = [];
    const server = await listen(
      rawServer((text, tries) => {
        seen.push(idOf(text));
        if (tries === 1) return 'HTTP/1.1 503 x\r\ncontent-length: 26\r\n\r\n{"code":"outcome_unknown"}';
        const results = ['accepted', 'refused', 'accepted'].map((status) => ({ status }));
        const body = JSON.stringify({ results });
        return `HTTP/1.1 202 x\r\ntransfer-encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      }),
    );
    const mix = { batch: 1 };
    const { report, lines } = await run(server, { mix, batch: 3, rate: 30, giveUpMs: 5_000 });
    assert.deepEqual(seen.length, 2);
    assert.equal(seen[0], seen[1]);
    // Refused by an answer that came after a lost one: the first try may have been kept.
    assert.deepEqual(
      lines.map((line) => line.outcome),
      ['ok', 'unknown', 'ok'],
    );
    assert.deepEqual(report.answers, { '503 outcome_unknown': 1, '202 some refused': 1 });
  });

  test('Retry-After is waited for, and nothing kept is fail', async () => {
    const at: number[] = [];
    const refusal = 'HTTP/1.1 503 x\r\nretry-after: 1\r\ncontent-length: 21\r\n\r\n{"code":"overloaded"}';
    const server = await listen(
      rawServer((_text, tries) => {
        at.push(performance.now());
        return tries === 1 ? refusal : ACCEPTED;
      }),
    );
    const [patient, hasty] = await Promise.all([
      run(server, { rate: 10, giveUpMs: 5_000 }),
      run(await listen(rawServer(() => refusal)), { rate: 10, giveUpMs: 900 }),
    ]);
    assert.deepEqual([patient.report.ok, hasty.report.fail, hasty.report.tries], [1, 1, 1]);
    assert.ok(at[1]! - at[0]! >= 995, `${at[1]! - at[0]!} ms`);
  });

  test('connections that close after each answer, or while nobody asks, cost no event', async () => {
    const closing = await run(
      await listen(
        rawServer(() => 'HTTP/1.1 202 x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}', true),
      ),
    );
    assert.deepEqual([closing.report.ok, closing.report.tries], [40, 40]);
    const server = createServer((_request, response) => response.writeHead(202).end('{}'));
    server.keepAliveTimeout = 1;
    const idle = await run(await listen(server), { rate: 50, seconds: 0.3, giveUpMs: 5_000 });
    assert.equal(idle.report.ok, 15);
  });

  test('a silent server leaves unknown what was sent, and fail what had to wait for a socket until its time was up', async () => {
    const seen = new Set<string>();
    const url = await listen(
      rawServer((text) => {
        seen.add(idOf(text));
        return '';
      }),
    );
    const { report, lines } = await run(url, { sockets: 2, timeoutMs: 150, rate: 2_000, seconds: 0.05 });
    assert.equal(report.events, 100);
    assert.ok(report.fail > 0 && report.unknown > 0, JSON.stringify(report.answers));
    const failed = lines.filter((line) => line.outcome === 'fail');
    assert.deepEqual(
      failed.filter((line) => seen.has(line.event_id)),
      [],
    );
  });
});

describe('the pace', () => {
  test('a server that stands still slows nobody down, and what waited for it is measured from its instant', async () => {
    const { promise: stillness, resolve: open } = Promise.withResolvers<void>();
    let came = 0;
    const server = createServer(async (_request, response) => {
      came += 1;
      await stillness;
      response.writeHead(202).end('{}');
    });
    const running = run(await listen(server), { rate: 200, seconds: 0.5, sockets: 100 });
    await until(() => came === 100);
    open();
    const { report } = await running;
    assert.equal(report.ok, 100);
    // Spread over half a second and all answered at its end.
    assert.ok(report.latency_ms.max > 350 && report.latency_ms.p50 > 100, JSON.stringify(report.latency_ms));
  });

  test('a generator that is too slow says so, and so does one that has to drop events', async () => {
    const url = await listen(rawServer(() => ACCEPTED));
    const random = createRandom(1);
    const slowly = () => {
      waste(5);
      return random();
    };
    const { report } = await run(url, { random: slowly, rate: 200 });
    assert.ok(report.late_ms.p99 > 20, JSON.stringify(report.late_ms));
    // From the instant that it missed, so no latency hides it.
    assert.ok(report.latency_ms.max >= report.late_ms.max, JSON.stringify(report));
    assert.equal(report.kept_pace, false);
    const full = await run(await listen(rawServer(() => '')), { mostInFlight: 15, timeoutMs: 300 });
    const { events, dropped } = full.report;
    assert.ok(events >= 15 && dropped > 0 && events + dropped === 40, `${events} and ${dropped}`);
    assert.equal(full.lines.length, events);
    assert.equal(full.report.kept_pace, false);
  });

  test('an abort ends everything under way, each with its line', async () => {
    const stop = new AbortController();
    let came = 0;
    const url = await listen(
      rawServer(() => {
        came += 1;
        if (came === 20) stop.abort();
        return came % 2 === 0 ? '' : ACCEPTED;
      }),
    );
    const { report, lines } = await run(url, { seconds: 600, signal: stop.signal, giveUpMs: 60_000 });
    assert.equal(lines.length, report.events);
    assert.ok(report.events < 200 && report.ok > 0 && report.unknown > 0, JSON.stringify(report));
  });

  test('a history that cannot be written ends the run as an error', async () => {
    const full = {
      add: () => {
        throw new Error('ENOSPC');
      },
      close: async () => undefined,
    };
    const running = run(await listen(rawServer(() => ACCEPTED)), { history: full, seconds: 600 });
    await assert.rejects(running, /ENOSPC/);
  });
});

function waste(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('several processes', { concurrency: true }, () => {
  test('end whole at an abort, in one report and one history; where one fails, all end and say so', async () => {
    const stop = new AbortController();
    const ids = new Set<string>();
    const agents = new Set<string>();
    const server = await listen(
      createServer(async (request: IncomingMessage, response) => {
        for await (const part of request) ids.add(idOf(String(part)));
        agents.add(request.headers['user-agent'] ?? '');
        if (ids.size === 120) stop.abort();
        else if (ids.size < 120) response.writeHead(202).end('{}');
      }),
    );
    const history = join(folder, 'fleet.ndjson');
    const options = {
      url: server,
      campaigns: [1],
      rate: 300,
      seconds: 600,
      token: undefined,
      visitors: 5,
      timeoutMs: 5_000,
      giveUpMs: 0,
      processes: 2,
      seed: 9,
      onProgress: () => undefined,
    };
    const { events, ok, unknown } = await runFleet({ ...options, history, signal: stop.signal });
    const lines = await readLines(history);
    const sent = new Set(lines.filter((line) => line.outcome !== 'fail').map((line) => line.event_id));
    assert.equal(lines.length, events);
    assert.ok(ok >= 100 && unknown >= 1 && events < 1_000, `${events}, ${ok} ok, ${unknown} unknown`);
    assert.deepEqual(
      [...ids].filter((id) => !sent.has(id)),
      [],
    );
    assert.equal(agents.size, 5);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('.part')),
      [],
    );
    const nowhere = { ...options, history: join(folder, 'nowhere', 'fleet.ndjson') };
    await assert.rejects(
      runFleet({ ...nowhere, signal: new AbortController().signal }),
      /Generator \d .*ENOENT/,
    );
  });

  test('send a real Weir every kind of event, and the oracle finds each kept and counted', async () => {
    const database = await openTestDatabase();
    const env = { DATABASE_URL: database.url, RATE_LIMITS: 'off' };
    const weir = await startWeir({ env });
    try {
      const admin = await signIn(weir.url, weir.admin);
      const dates = { start_date: '2020-01-01T00:00:00Z', end_date: '2099-01-01T00:00:00Z' };
      const campaign = { title: 'Load', content: 'Sale', ...dates };
      const { id } = (await admin('POST', '/api/campaigns', campaign)).body;
      const load = `load --campaigns ${id} --url ${weir.url} --rate 500 --seconds 1 --processes 2 --check --json`;
      const mix = 'event=50,view=20,click=10,batch=10,pixel=10';
      const args = [WEIR, ...load.split(' '), '--mix', mix, '--batch', '5'];
      const cli = { cwd: folder, env: { PATH: process.env.PATH, DATA_DIR: weir.dataDir, ...env } };
      const { stdout } = await promisify(execFile)(process.execPath, args, cli);
      const { events, ok, check } = JSON.parse(stdout);
      const { lost, dup, mismatch } = check;
      assert.deepEqual(
        { events, ok, lost, dup, mismatch },
        { events: 500, ok: 500, lost: 0, dup: 0, mismatch: 0 },
        stdout,
      );
      const [row] = await database.db.query<{ types: number; actors: number; sources: number }>(
        'select count(distinct type)::int as types, count(distinct source)::int as sources, count(distinct actor)::int as actors from event_log',
        [],
      );
      assert.ok(row?.types === 3 && row.sources === 2 && row.actors > 100, JSON.stringify(row));
    } finally {
      await weir.close();
      await database.close();
    }
  });
});

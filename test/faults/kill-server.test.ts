import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openEmbeddedPostgres } from '../../src/db/embedded/index.ts';
import { newEventId } from '../../src/events/event-id.ts';
import { verify } from '../../src/pipeline/verify/index.ts';
import { open, testLog } from '../support/database.ts';
import { until } from '../support/until.ts';
import { BROWSER, findFreePort, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

const KILLS = 6;
const CLIENTS = 32;
const TYPES = ['view', 'true_view', 'click'] as const;

/** What clients know of each event: `ok` must be counted once, `fail` not at all; nobody gives up before one of them. */
interface History {
  readonly ok: Set<string>;
  readonly failed: string[];
}

/** A small generator of the same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The status, or undefined where nobody can tell what became of the request. */
function post(agent: Agent, port: number, body: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    const sent = request({
      agent,
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/events',
      timeout: 4_000,
      headers: { 'content-type': 'application/json', 'user-agent': BROWSER },
    });
    sent.on('response', (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
      answer.on('error', () => resolve(undefined));
    });
    sent.on('timeout', () => sent.destroy());
    sent.on('error', () => resolve(undefined));
    sent.end(body);
  });
}

/** One client: event after event, each repeated with its own id until it is known what became of it. */
async function client(
  port: number,
  campaign: number,
  random: () => number,
  history: History,
  stop: AbortSignal,
) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!stop.aborted) {
    const id = newEventId();
    const type = TYPES[Math.floor(random() * TYPES.length)];
    const body = JSON.stringify({ event_id: id, type, campaign_id: campaign });
    for (;;) {
      const status = await post(agent, port, body);
      if (status === 202) {
        history.ok.add(id);
        break;
      }
      if (status !== undefined && status < 500) {
        history.failed.push(`${id}: ${status}`);
        break;
      }
      await pause(20);
    }
    await pause(10 + random() * 20);
  }
  agent.destroy();
}

test('what was acknowledged is counted exactly once, whoever is killed when', async (context) => {
  const seed = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
  context.diagnostic(
    `seed ${seed}; the same run again: FAULT_SEED=${seed} npm test -- test/faults/kill-server.test.ts`,
  );
  const random = seeded(seed);
  const dataDir = mkdtempSync(join(tmpdir(), 'weir-kill-'));
  const port = await findFreePort();
  const start = () => startWeir({ dataDir, port, env: { RATE_LIMITS: 'off', LOG_LEVEL: 'error' } });
  let weir: RunningWeir = await start();
  try {
    const admin = await signIn(weir.url, weir.admin);
    const campaign = (
      await admin('POST', '/api/campaigns', {
        title: 'river',
        content: 'under fire',
        start_date: '2020-01-01T00:00:00Z',
        end_date: '2099-01-01T00:00:00Z',
      })
    ).body.id;
    const history: History = { ok: new Set(), failed: [] };
    const stop = new AbortController();
    const clients = Array.from({ length: CLIENTS }, () =>
      client(port, campaign, random, history, stop.signal),
    );
    for (let kill = 0; kill < KILLS; kill += 1) {
      await pause(300 + random() * 700);
      if (kill % 3 === 2) {
        process.kill(
          Number(readFileSync(`${dataDir}/postgres/postmaster.pid`, 'utf8').split('\n', 1)[0]),
          'SIGKILL',
        );
        continue;
      }
      weir.child.kill('SIGKILL');
      await once(weir.child, 'exit');
      weir = await start();
    }
    await pause(500);
    stop.abort();
    await Promise.all(clients);
    await judge(dataDir, history, campaign);
    context.diagnostic(`${history.ok.size} events acknowledged over ${KILLS} kills: lost=0 dup=0 mismatch=0`);
    assert.ok(history.ok.size > 500);
  } finally {
    await weir.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

/** The client's history against raw rows and counters of all traffic. */
async function judge(dataDir: string, history: History, campaign: number): Promise<void> {
  const server = await openEmbeddedPostgres({ dataDir, log: testLog, role: 'command' });
  const db = open(server.url);
  try {
    const count = async () => {
      const [row] = await db.query<{ n: number }>(
        'select coalesce(sum(views + true_views + clicks), 0) as n from counters_total where subject_id = $1',
        [campaign],
      );
      return row!.n;
    };
    await until(async () => (await count()) >= history.ok.size);
    const rows = await db.query<{ event_id: string }>('select event_id from event_log');
    const raw = new Set(rows.map((row) => row.event_id));
    assert.deepEqual(history.failed, []);
    assert.equal(rows.length - raw.size, 0, 'dup');
    assert.deepEqual(
      [...history.ok].filter((id) => !raw.has(id)),
      [],
      'lost',
    );
    // Every client repeated until it knew, so nothing is unknown: raw holds the acknowledged ones and no other.
    assert.equal(raw.size, history.ok.size, 'raw events that nobody was told of');
    assert.equal(await count(), raw.size, 'mismatch');
    const report = await verify(db, {
      repair: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    assert.deepEqual([report.differences, report.brokenSeals], [[], []]);
  } finally {
    await db.close();
    await server.close();
  }
}

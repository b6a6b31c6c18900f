import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { openEmbeddedPostgres } from '../../src/db/embedded/index.ts';
import { openPostgresLog } from '../../src/engines/postgres/postgres-log.ts';
import { systemClock } from '../../src/kit/clock.ts';
import { countUntilDry } from '../../src/pipeline/aggregate/index.ts';
import { verify } from '../../src/pipeline/verify/index.ts';
import { createHistory } from '../../src/proof/history.ts';
import { type LoadReport, runLoad } from '../../src/proof/load.ts';
import { checkHistory } from '../../src/proof/oracle.ts';
import { createRandom } from '../../src/proof/random.ts';
import { open, testLog } from '../support/database.ts';
import { findFreePort, type RunningWeir, signIn, startWeir } from '../support/weir.ts';

const SERVER_KILLS = 8;
const POSTGRES_KILLS = 2;
const RATE = 500;
const SECONDS = 18;

const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 2 ** 31));
const random = createRandom(seed);
const folder = mkdtempSync(join(tmpdir(), 'weir-faults-'));
const dataDir = join(folder, 'data');
const historyFile = join(folder, 'history.ndjson');
mkdirSync(dataDir);
let weir: RunningWeir | undefined;
let passed = false;

after(async () => {
  await weir?.close();
  // A failing run leaves its history and its data to look at.
  if (passed) rmSync(folder, { recursive: true, force: true });
});

const CAMPAIGN = {
  content: 'Sale',
  start_date: '2020-01-01T00:00:00Z',
  end_date: '2099-01-01T00:00:00Z',
};

test(`kill -9 of the server and of its PostgreSQL under load loses nothing and counts nothing twice (seed ${seed})`, async (t) => {
  t.diagnostic(`FAULT_SEED=${seed} repeats the moments; the history is ${historyFile}`);
  const port = await findFreePort();
  const start = async () => (weir = await startWeir({ dataDir, port, env: { RATE_LIMITS: 'off' } }));
  const admin = await signIn((await start()).url, weir!.admin);
  const campaigns: number[] = [];
  for (const title of ['one', 'two', 'three'])
    campaigns.push((await admin('POST', '/api/campaigns', { ...CAMPAIGN, title })).body.id);

  const stop = new AbortController();
  const history = createHistory(historyFile);
  const load = runLoad({
    url: weir!.url,
    campaigns,
    rate: RATE,
    seconds: SECONDS,
    token: undefined,
    history,
    random: createRandom(seed + 1),
    signal: stop.signal,
    timeoutMs: 5_000,
    giveUpMs: 15_000,
    onProgress: () => undefined,
  });
  const downtimes = await breakThings(start).catch((error: unknown) => {
    stop.abort();
    throw error;
  });
  const report = await load;
  await history.close();
  t.diagnostic(`back after a kill of the server, ms: ${downtimes.map(Math.round).join(' ')}`);
  t.diagnostic(describeLoad(report));
  await weir!.close();
  await checkEverything(report, t.diagnostic.bind(t));
  passed = true;
});

/** The killing, in an order and at moments that the seed decides. Returns how long each restart took. */
async function breakThings(start: () => Promise<RunningWeir>): Promise<number[]> {
  const steps: ('server' | 'postgres')[] = Array.from({ length: SERVER_KILLS + POSTGRES_KILLS }, (_, at) =>
    at < SERVER_KILLS ? 'server' : 'postgres',
  );
  for (let at = steps.length - 1; at > 0; at -= 1) {
    const other = Math.floor(random() * (at + 1));
    [steps[at], steps[other]] = [steps[other]!, steps[at]!];
  }
  const downtimes: number[] = [];
  for (const step of steps) {
    await pause(200 + random() * 900);
    if (step === 'postgres') {
      process.kill(postmasterPid(), 'SIGKILL');
      continue;
    }
    const { child } = weir!;
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killedAt = performance.now();
    await start();
    downtimes.push(performance.now() - killedAt);
  }
  return downtimes;
}

function postmasterPid(): number {
  const [pid] = readFileSync(join(dataDir, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
  return Number(pid);
}

function describeLoad(report: LoadReport): string {
  const { events, ok, fail, unknown, tries, answers, latency_ms } = report;
  return JSON.stringify({ events, ok, fail, unknown, tries, answers, latency_ms });
}

async function checkEverything(report: LoadReport, say: (text: string) => void): Promise<void> {
  const postgres = await openEmbeddedPostgres({ dataDir, log: testLog, role: 'command' });
  const db = open(postgres.url);
  const log = await openPostgresLog({
    db,
    directUrl: postgres.url,
    clock: systemClock,
    log: testLog,
    writes: false,
  });
  try {
    await countUntilDry({ db, log, logger: testLog });
    const { lost, dup, mismatch, findings, unknown_kept } = await checkHistory(db, historyFile);
    say(`lost=${lost} dup=${dup} mismatch=${mismatch} (unknown and kept: ${unknown_kept})`);
    assert.deepEqual({ lost, dup, mismatch, findings }, { lost: 0, dup: 0, mismatch: 0, findings: [] });
    const verified = await verify(db, {
      repair: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    assert.deepEqual([verified.differences, verified.brokenSeals], [[], []]);
    assert.equal(report.events, RATE * SECONDS);
    assert.ok(report.ok > 0.98 * report.events, `too few had a good end: ${describeLoad(report)}`);
    // Otherwise nothing was broken, and nothing proven.
    assert.ok(report.tries > report.events, 'no try ever failed');
  } finally {
    await log.close();
    await db.close();
    await postgres.close();
  }
}

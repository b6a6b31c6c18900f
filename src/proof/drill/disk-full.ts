import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../../kit/wait.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import { whyNoMounts } from './own-mounts.ts';
import { startProbe } from './probe.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import { toSpread } from './spread.ts';
import { mountVolume, moveWal, type Volume } from './volumes.ts';
import { findWrongAnswers } from './wrong-answers.ts';

const ROUNDS = 5;
const RATE = 500;
const FULL_SECONDS = 10;
const DATA_MB = 512;
const WAL_MB = 192;
const LOOK_MS = 100;
const REFUSES_LIMIT_MS = 30_000;
const RECOVERY_LIMIT_MS = 60_000;
const FILLED: readonly Filled[] = ['data', 'wal'];
const IMPORT_LINES = 2_000;
const SAID_CHARS = 20_000;
const SAYS_FULL = /^weir: .*the disk of \S+ is full .* Free space/m;
/** Waits of a supervisor that doubles them from 0.1 s to 5 s: nine in the first 15 s, then one each 5 s. */
const FIRST_RESTARTS = 9;
const RESTART_EVERY_S = 5;

type Filled = 'data' | 'wal';

/** Volumes without room: clients are told to come again, and when there is room again all goes on without a hand. */
export const diskFull: Scenario = {
  name: 'disk-full',
  title:
    'the volume of the data, then that of PostgreSQL’s log is filled under load and freed; no hand helps',
  ownMounts: true,
  findObstacle: whyNoMounts,
  run: async (rig, { rounds = ROUNDS, rate = RATE, seconds = FULL_SECONDS, signal, onProgress }) => {
    const { server } = rig;
    const data = mountVolume(rig.dataDir, DATA_MB);
    await server.start();
    await server.end('SIGTERM');
    const volumes: Record<Filled, Volume> = { data, wal: moveWal(rig.dataDir, WAL_MB) };
    await server.start();
    const [probed, ...campaigns] = await rig.makeCampaigns(4);
    const load = rig.startLoad({ rate, campaigns });
    const probe = startProbe(server.url, probed!);
    await rig.history.next(RECOVERY_LIMIT_MS);
    const seen: Full[] = [];
    const of = rounds * FILLED.length;
    while (seen.length < of && !signal.aborted) {
      onProgress(seen.length, of, `${seen.length} of ${of} times full`);
      const filled = FILLED[seen.length % FILLED.length]!;
      seen.push(
        await fillAndFree(rig, {
          filled,
          volume: volumes[filled],
          seconds,
          imports: seen.length < FILLED.length && (rounds > 1 || filled === 'wal'),
        }),
      );
    }
    const report = await load.stop();
    const looks = await probe.stop();
    const violations = [
      ...findWrongAnswers(report, looks),
      ...seen.flatMap((one) => one.violations),
      ...(await startOnFull(rig, data)),
    ];
    onProgress(seen.length, seen.length, `${seen.length} times full`);
    const times = (filled: Filled) => seen.filter((one) => one.filled === filled);
    return {
      violations,
      figures: {
        rate,
        full: Object.fromEntries(FILLED.map((filled) => [filled, times(filled).length])),
        first_2xx_after_room_ms: Object.fromEntries(
          FILLED.map((filled) => [filled, toSpread(times(filled).map((one) => one.firstOkMs))]),
        ),
        restarts_of_postgres: seen.reduce((sum, one) => sum + one.restarts, 0),
        probe: { requests: looks.requests, longest_ms: looks.longest_ms, timeouts: looks.timeouts },
        load: toFigures(report),
      },
      notes: describeSlowness(report, rate),
    };
  },
};

interface Full {
  readonly filled: Filled;
  readonly violations: readonly string[];
  /** From there being room again to the first acknowledgement. */
  readonly firstOkMs: number;
  readonly restarts: number;
}

interface FillOptions {
  readonly filled: Filled;
  readonly volume: Volume;
  readonly seconds: number;
  /** Whether an import is tried meanwhile. */
  readonly imports: boolean;
}

async function fillAndFree(rig: Rig, options: FillOptions): Promise<Full> {
  const { server, history, postgres } = rig;
  const { filled, imports } = options;
  const restartsBefore = countRestarts(rig);
  const filledAt = performance.now();
  const violations = await holdFull(rig, options);
  const freedAt = performance.now();
  const okAt = await history.next(RECOVERY_LIMIT_MS);
  if (okAt === undefined)
    throw new Error(`no event was acknowledged ${RECOVERY_LIMIT_MS} ms after there was room again`);
  if (!(await countsAgain(postgres)))
    violations.push(`counting did not go on after the full ${filled} volume`);
  if (!(await isReadyAgain(server.url)))
    violations.push(`the server was not ready though there is room on the ${filled} volume`);
  if (await server.exited(1)) violations.push('the server ended');
  if (imports) violations.push(...(await importAgain(rig)));
  const restarts = countRestarts(rig) - restartsBefore;
  const fullSeconds = (freedAt - filledAt) / 1_000;
  if (restarts > FIRST_RESTARTS + fullSeconds / RESTART_EVERY_S + 1)
    violations.push(`PostgreSQL was started ${restarts} times in ${fullSeconds.toFixed(0)} s`);
  return { filled, violations, firstOkMs: okAt - freedAt, restarts };
}

/** Fills the volume, looks, and gives it free again whatever happens: the judgement needs room. */
async function holdFull(rig: Rig, { filled, volume, seconds, imports }: FillOptions): Promise<string[]> {
  const filledAt = performance.now();
  volume.fill();
  try {
    if (!(await refuses(rig, filled, volume)))
      throw new Error(`events were kept for long on a full ${filled} volume`);
    const missing = await findMissing(rig.server.url);
    const silent = `ready says nothing of the full ${filled} volume, but: ${missing.join(', ') || 'all is well'}`;
    const violations = missing.includes('disk space') ? [] : [silent];
    if (imports) violations.push(...(await importOnFull(rig)));
    await sleep(Math.max(0, filledAt + seconds * 1_000 - performance.now()));
    return violations;
  } finally {
    volume.free();
  }
}

/** Whether events are refused, in time; what PostgreSQL gives free meanwhile is filled, too. */
async function refuses({ server, postgres }: Rig, filled: Filled, volume: Volume): Promise<boolean> {
  const due = performance.now() + REFUSES_LIMIT_MS;
  while (performance.now() < due) {
    if ((await findMissing(server.url)).some((what) => what !== 'disk space')) return true;
    // The segment in use has room of its own: the next one has not.
    if (filled === 'wal') await postgres.query('select pg_switch_wal()').catch(() => []);
    await sleep(LOOK_MS);
    volume.fill();
  }
  return false;
}

async function findMissing(url: string): Promise<string[]> {
  const answer = await fetch(`${url}/health/ready`);
  return ((await answer.json()) as { missing: string[] }).missing;
}

async function isReadyAgain(url: string): Promise<boolean> {
  const due = performance.now() + RECOVERY_LIMIT_MS;
  while (performance.now() < due) {
    if ((await findMissing(url)).length === 0) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

/** `complete_through` passes an instant after there was room. */
async function countsAgain(postgres: Rig['postgres']): Promise<boolean> {
  const due = performance.now() + RECOVERY_LIMIT_MS;
  const [from] = await postgres.query<{ now: Date }>('select clock_timestamp() as now');
  while (performance.now() < due) {
    const [row] = await postgres
      .query<{ passed: boolean }>('select min(complete_through) > $1 as passed from log_positions', [
        from!.now,
      ])
      .catch(() => []);
    if (row?.passed) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

function countRestarts({ dir }: Rig): number {
  return readFileSync(join(dir, 'server.log'), 'utf8').split('PostgreSQL died').length - 1;
}

function importFile({ dir }: Rig): string {
  const file = join(dir, 'access.log');
  const line = (at: number) =>
    `192.0.2.${at % 250} - - [12/Mar/2026:10:${String(at % 60).padStart(2, '0')}:00 +0000] "GET /drill/${at} HTTP/1.1" 200 512 "-" "drill"\n`;
  writeFileSync(file, Array.from({ length: IMPORT_LINES }, (_, at) => line(at)).join(''));
  return file;
}

async function importOnFull(rig: Rig): Promise<string[]> {
  const { code } = await rig.command(['import', importFile(rig)]);
  const said = readFileSync(join(rig.dir, 'server.log'), 'utf8').slice(-SAID_CHARS);
  return code === 1 && SAYS_FULL.test(said)
    ? []
    : [`an import on the full volume ended with ${code} and these words: ${said.slice(-500)}`];
}

/** The same file again: what was kept of it before is known. */
async function importAgain(rig: Rig): Promise<string[]> {
  const { code, output } = await rig.command(['import', importFile(rig), '--json']);
  return code === 0 ? [] : [`an import ended with ${code} though there is room: ${output.slice(-300)}`];
}

/** A start on a full volume must say why it fails. */
async function startOnFull({ server, dir }: Rig, volume: Volume): Promise<string[]> {
  await server.end('SIGTERM');
  volume.fill();
  server.launch();
  const exit = await server.exited(REFUSES_LIMIT_MS);
  volume.free();
  const said = readFileSync(join(dir, 'server.log'), 'utf8').slice(-SAID_CHARS);
  if (exit === undefined) return ['a server that was started on a full volume neither served nor ended'];
  return exit.code === 1 && SAYS_FULL.test(said)
    ? []
    : [
        `a start on a full volume ended with ${exit.code ?? exit.signal} and these words: ${said.slice(-500)}`,
      ];
}

import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newEventId } from '../../events/event-id.ts';
import { sleep } from '../../kit/wait.ts';
import { askPatiently } from './ask-patiently.ts';
import { deliver } from './deliver.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import { startProbe } from './probe.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import type { Environment } from './server-process.ts';
import { findWrongAnswers } from './wrong-answers.ts';

const RATE = 500;
const SECONDS = 5;
const ROUNDS = 2;
const LIBRARIES = '/usr/lib';
const LIBRARY = 'faketime/libfaketime.so.1';
const HOUR_S = 3_600;
const DAY_S = 86_400;
/** Seconds off; after each the clock is right again. */
const STEPS = [HOUR_S, -HOUR_S, DAY_S, -DAY_S, -5];
/** Past every retention. */
const FAR_S = 100 * DAY_S;
const ZONES = ['Asia/Kathmandu', 'Australia/Lord_Howe'];
const LIMIT_MS = 30_000;
const LOOK_MS = 50;

/** The server's wall clock is set wrong and right again; its monotonic clock and PostgreSQL's go on, as on two machines. */
export const movedClock: Scenario = {
  name: 'moved-clock',
  title:
    'the server’s clock is set wrong by seconds to a day under load, then by 100 days; nothing expires or is destroyed',
  findObstacle: () =>
    findLibrary() === undefined
      ? `it needs libfaketime (Linux), which moves the clock of one process: apt-get install libfaketime, then npx weir drill moved-clock`
      : undefined,
  run: async (rig, { rounds = ROUNDS, rate = RATE, seconds = SECONDS, signal, onProgress }) => {
    const { server } = rig;
    const clock = createClock(rig);
    await server.start({ ...clock.env, TZ: ZONES[0]! });
    const [probed, ...campaigns] = await rig.makeCampaigns(4);
    const load = rig.startLoad({ rate, campaigns });
    const probe = startProbe(server.url, probed!);
    const wrong: string[] = [];
    const of = rounds * STEPS.length;
    let done = 0;
    for (; done < of && !signal.aborted; done += 1) {
      onProgress(done, of, `${done} of ${of} steps`);
      wrong.push(
        ...(await step(rig, clock, {
          bySeconds: STEPS[done % STEPS.length]!,
          seconds,
          campaign: campaigns[0]!,
        })),
      );
    }
    const report = await load.stop();
    const seen = await probe.stop();
    wrong.push(...(await startFarAhead(rig, clock)));
    onProgress(done, done, `${done} steps`);
    return {
      violations: [...findWrongAnswers(report, seen), ...wrong],
      figures: {
        rate,
        steps: done,
        probe: { requests: seen.requests, longest_ms: seen.longest_ms, timeouts: seen.timeouts },
        load: toFigures(report),
      },
      notes: describeSlowness(report, rate),
    };
  },
};

interface MovedClock {
  readonly env: Environment;
  readonly set: (offBySeconds: number) => void;
}

function findLibrary(): string | undefined {
  const folders = existsSync(LIBRARIES) ? readdirSync(LIBRARIES) : [];
  return folders.map((folder) => join(LIBRARIES, folder, LIBRARY)).find((path) => existsSync(path));
}

function createClock({ dir }: Rig): MovedClock {
  const file = join(dir, 'clock');
  const set = (offBySeconds: number) => {
    // Renamed, as the server reads it at every look at its clock.
    writeFileSync(`${file}.new`, `${offBySeconds < 0 ? '' : '+'}${offBySeconds}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  return {
    set,
    env: {
      LD_PRELOAD: findLibrary()!,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  };
}

interface Step {
  readonly bySeconds: number;
  readonly seconds: number;
  readonly campaign: number;
}

/** An event from before the step comes again after it, and once more after the step back. */
async function step(rig: Rig, clock: MovedClock, { bySeconds, seconds, campaign }: Step): Promise<string[]> {
  const event = { event_id: newEventId(), campaign_id: campaign, type: 'view' as const };
  await deliver(rig, [event]);
  const wrong: string[] = [];
  for (const offBy of [bySeconds, 0]) {
    clock.set(offBy);
    const again = await askPatiently(() =>
      fetch(`${rig.server.url}/api/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(event),
      }),
    );
    if (!again.ok) wrong.push(`a repeat after a step of ${offBy} s was answered with ${again.status}`);
    await again.arrayBuffer();
    wrong.push(...(await findWrongAges(rig, campaign, offBy)));
    await sleep(seconds * 500);
  }
  return wrong;
}

interface Ages {
  readonly pipeline: { readonly lag_ms: number | null };
  readonly complete_through: string | null;
  readonly as_of: string;
  /** By default the end of the minute that the server's clock is in. */
  readonly to: string;
}

/** Ages below zero, numbers complete through an instant to come; also that the clock is where it was set to. */
async function findWrongAges(rig: Rig, campaign: number, offBy: number): Promise<string[]> {
  // A step forward ends access tokens, so each look signs in.
  const authorization = `Bearer ${await rig.signIn()}`;
  const read = async (path: string) =>
    (
      await askPatiently(() => fetch(`${rig.server.url}${path}`, { headers: { authorization } }))
    ).json() as Promise<Ages>;
  const { pipeline } = await read('/api/status');
  const { complete_through, as_of, to } = await read(`/api/campaigns/${campaign}/stats`);
  const isOff = (Date.parse(to) - Date.now()) / 1_000;
  return [
    ...(pipeline.lag_ms !== null && pipeline.lag_ms < 0 ? [`the lag was ${pipeline.lag_ms} ms`] : []),
    ...(complete_through !== null && complete_through > as_of
      ? [`numbers as of ${as_of} were complete through ${complete_through}`]
      : []),
    ...(Math.abs(isOff - offBy) > HOUR_S / 2 ? [`the clock was not moved by ${offBy} s but ${isOff} s`] : []),
  ];
}

/** Housekeeping acts at each start; by that clock everything is past its days. */
async function startFarAhead({ server, postgres }: Rig, clock: MovedClock): Promise<string[]> {
  const look = async () => JSON.stringify(await postgres.query(KEPT));
  const before = await look();
  await server.end('SIGKILL');
  clock.set(FAR_S);
  await server.start({ ...clock.env, TZ: ZONES[1]! });
  const isDoubted = await doubts(postgres);
  const after = await look();
  clock.set(0);
  return [
    ...(isDoubted ? [] : ['a clock 100 days ahead was not doubted']),
    ...(after === before ? [] : [`a clock 100 days ahead destroyed: ${before} became ${after}`]),
  ];
}

const KEPT = `select (select count(*) from event_log) as raw, (select count(*) from pg_inherits where inhparent = 'event_log'::regclass
    and inhrelid::regclass::text < 'event_log_' || to_char(now() + interval '1 day', 'YYYYMMDD')) as partitions,
  (select count(*) from day_secrets where day < (extract(epoch from now()) / 86400)::int + 2) as secrets`;

async function doubts(postgres: Rig['postgres']): Promise<boolean> {
  const due = performance.now() + LIMIT_MS;
  while (performance.now() < due) {
    const open = await postgres.query(`select 1 from findings where kind = 'clock' and settled_at is null`);
    if (open.length > 0) return true;
    await sleep(LOOK_MS);
  }
  return false;
}

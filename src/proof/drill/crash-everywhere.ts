import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { newEventId } from '../../events/event-id.ts';
import type { Failpoint } from '../../kit/failpoint.ts';
import { type Crashes, createCrashes } from './crash.ts';
import {
  crashImport,
  crashRepair,
  crashReplay,
  forbidCounting,
  forbidPoison,
  POISON,
} from './crash-commands.ts';
import { crashRetention } from './crash-retention.ts';
import { deliver, eventIdOfDaysAgo, type OwnEvent } from './deliver.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import type { ServerProcess } from './server-process.ts';
import { shuffle } from './shuffle.ts';

const ROUNDS = 20;
const RATE = 500;
const FIRST_START_MIGRATIONS = 5;
/** Days that hold no partition yet, well within the retention of raw events. */
const FIRST_EMPTY_DAY = 4;
const LAST_EMPTY_DAY = 80;

/** Steps of a serving process, with the hit at which it ends: up to this one. */
const SERVING: Readonly<Partial<Record<Failpoint, number>>> = {
  'lane.after-lock': 1,
  'partition.before-commit': 1,
  'partition.after-commit': 1,
  'log.before-commit': 30,
  'log.in-flight': 30,
  'log.after-commit': 30,
  'log.between-halves': 1,
  'queue.between-groups': 30,
  'ingest.before-answer': 100,
  'count.before-positions': 10,
  'count.before-commit': 10,
  'count.after-commit': 10,
  'park.before-commit': 1,
  'park.after-commit': 1,
};
/** In every choice of steps: what it parks is what the replay needs. */
const NEEDED: Failpoint = 'park.after-commit';

/**
 * SIGKILL at each failpoint, one after the other, while clients send and repeat. With `kills`, at so many of a serving
 * process's steps, chosen by the seed anew in each round, and at all others.
 */
export const crashEverywhere: Scenario = {
  name: 'crash-at-every-step',
  title:
    'kill -9 at each named step: first start, keeping, counting, parking, import, repair, replay, retention',
  run: async (rig, { rounds = ROUNDS, rate = RATE, kills, signal, onProgress }) => {
    const crashes = createCrashes(rig);
    await crashFirstStart(rig, crashes, {});
    await rig.server.start();
    const [poisoned, uncountable, ...campaigns] = await rig.makeCampaigns(5);
    await forbidPoison(rig);
    const load = rig.startLoad({ rate, campaigns });
    const provoker = createProvoker(rig, { poisoned: poisoned!, uncountable: uncountable! });
    const chosen: Partial<Record<string, number>> = {};
    let done = 0;
    for (; done < rounds && !signal.aborted; done += 1) {
      onProgress(done, rounds, `round ${done + 1} of ${rounds}`);
      if (done > 0) await crashAnotherFirstStart(rig, crashes, done);
      await forbidCounting(rig, uncountable!);
      const steps = chooseSteps(rig, kills);
      for (const point of steps) chosen[point] = (chosen[point] ?? 0) + 1;
      await crashServing(rig, crashes, provoker, steps);
      await rig.server.start();
      await crashReplay(rig, crashes);
      await crashImport(rig, crashes, done);
      await crashRepair(rig, crashes);
      await crashRetention(rig, crashes, done);
    }
    await provoker.delivered();
    const report = await load.stop();
    onProgress(done, done, `${done} rounds`);
    // Those of recording need other engines: test/faults/kill-mongodb.test.ts, kafka-log.test.ts. Those of jobs and of the
    // search index: test/faults/outbox.test.ts, search-rebuild.test.ts.
    const wanted = (point: string) => (point in SERVING ? (chosen[point] ?? 0) : done);
    const missed = Object.entries(crashes.hits).filter(
      ([point, hits]) => hits < wanted(point) && !/^(record|rows|send|job|index)\./.test(point),
    );
    return {
      violations: [
        ...crashes.violations,
        ...missed.map(([point, hits]) => `${point} was hit ${hits} times, not ${wanted(point)}`),
      ],
      figures: {
        rounds: done,
        failpoints: Object.keys(crashes.hits).length,
        hits: crashes.hits,
        rate,
        load: toFigures(report),
      },
      notes: describeSlowness(report, rate),
    };
  },
};

/** A first start that is killed at each of its steps goes on where it was. */
async function crashFirstStart(
  rig: Rig,
  crashes: Crashes,
  where: { server?: ServerProcess; dataDir?: string },
): Promise<void> {
  await crashes.server('embedded.before-rename', 1, where);
  await crashes.server('embedded.after-initdb', 1, where);
  const nth = 1 + Math.floor(rig.random() * FIRST_START_MIGRATIONS);
  await crashes.server('migrate.between-files', nth, where);
}

/** A first start needs a data directory of its own; the rig's server goes on beside it. */
async function crashAnotherFirstStart(rig: Rig, crashes: Crashes, round: number): Promise<void> {
  const dataDir = join(rig.dir, `first-start-${round}`);
  mkdirSync(dataDir);
  const server = await rig.openServer(dataDir);
  await crashFirstStart(rig, crashes, { server, dataDir });
  await server.start();
  await server.end('SIGTERM');
  rmSync(dataDir, { recursive: true, force: true });
}

function chooseSteps({ random }: Rig, kills = Number.POSITIVE_INFINITY): Failpoint[] {
  const others = (Object.keys(SERVING) as Failpoint[]).filter((point) => point !== NEEDED);
  return shuffle([NEEDED, ...shuffle(others, random).slice(0, Math.max(kills - 1, 0))], random);
}

async function crashServing(
  rig: Rig,
  crashes: Crashes,
  provoker: Provoker,
  steps: readonly Failpoint[],
): Promise<void> {
  for (const point of steps) {
    const nth = 1 + Math.floor(rig.random() * SERVING[point]!);
    await crashes.server(point, nth, { provoke: () => provoker.provoke(point) });
  }
}

/** Sends what brings a server to the steps that plain load does not reach. */
interface Provoker {
  readonly provoke: (point: Failpoint) => void;
  /** Resolves when everything it sent has its end. The server must serve. */
  readonly delivered: () => Promise<void>;
}

function createProvoker(
  rig: Rig,
  { poisoned, uncountable }: { poisoned: number; uncountable: number },
): Provoker {
  const deliveries: Promise<void>[] = [];
  let day = FIRST_EMPTY_DAY;
  const view = (campaign_id: number, event_id = newEventId()): OwnEvent => ({
    event_id,
    campaign_id,
    type: 'view',
  });

  function make(point: Failpoint): OwnEvent[] {
    if (point.startsWith('park.')) return [view(uncountable)];
    if (point.startsWith('partition.') && day <= LAST_EMPTY_DAY)
      return [view(poisoned, eventIdOfDaysAgo(day++))];
    if (point === 'log.between-halves')
      return [view(poisoned), { ...view(poisoned), page: POISON }, view(poisoned)];
    return [];
  }

  return {
    provoke: (point) => {
      const events = make(point);
      if (events.length > 0) deliveries.push(deliver(rig, events));
    },
    delivered: async () => void (await Promise.all(deliveries)),
  };
}

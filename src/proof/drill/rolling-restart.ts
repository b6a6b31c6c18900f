import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../../kit/wait.ts';
import type { LoadReport } from '../load.ts';
import { openBalancer } from './balancer.ts';
import { openLiveStream } from './live-stream.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import type { Exit, ServerProcess } from './server-process.ts';
import { toSpread } from './spread.ts';

const ROUNDS = 5;
const RATE = 1_000;
const LEAST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 1_000;
const EXIT_MS = 10_000;
const STARVED_MS = 250;
const INSTANCES = ['one', 'other'];
/** A server alone is away while it starts: its clients are refused a connection. */
const ALLOWED_ALONE = /^(2\d\d|503 (overloaded|unavailable)|ECONNREFUSED|aborted)$/;
/** Behind a balancer nobody is away. */
const ALLOWED_BEHIND = /^(2\d\d|503 (overloaded|unavailable)|aborted)$/;

/** A server that is told to stop finishes what was begun: its clients notice nothing but that it is away, or not even that. */
export const rollingRestart: Scenario = {
  name: 'rolling-restart',
  title: 'SIGTERM under load: a server alone, with a live stream open, then two behind a balancer in turn',
  run: async (rig, { rounds = ROUNDS, rate = RATE, signal, onProgress }) => {
    const steps = 2 * rounds;
    await rig.server.start();
    const campaigns = await rig.makeCampaigns(3);
    const stops: Stop[] = [];
    const restart = async (server: ServerProcess, again: () => Promise<unknown>) => {
      onProgress(stops.length, rounds + steps, `${stops.length} restarts`);
      await sleep(LEAST_PAUSE_MS + rig.random() * MOST_PAUSE_MS, signal);
      stops.push(await stop(server));
      await again();
    };

    const streams: string[] = [];
    const alone = rig.startLoad({ rate, campaigns });
    for (let round = 0; round < rounds && !signal.aborted; round += 1) {
      const stream = await openLiveStream(rig, campaigns[0]!);
      await restart(rig.server, () => rig.server.start());
      await stream.ended.catch((error: Error) => streams.push(`a live stream was cut off: ${error.message}`));
    }
    const reportAlone = await alone.stop();
    const reportBehind = await restartInTurn(rig, { rounds, rate, campaigns, signal, restart });
    onProgress(stops.length, stops.length, `${stops.length} restarts`);
    return {
      violations: [
        ...streams,
        ...stops.flatMap(findBadStop),
        ...findViolations('alone', reportAlone, ALLOWED_ALONE),
        ...findViolations('behind a balancer', reportBehind, ALLOWED_BEHIND),
      ],
      figures: {
        restarts: stops.length,
        rate,
        exit_ms: toSpread(stops.map((one) => one.ms)),
        alone: toFigures(reportAlone),
        behind_balancer: toFigures(reportBehind),
      },
      notes: [...describeSlowness(reportAlone, rate), ...describeSlowness(reportBehind, rate)],
    };
  },
};

interface InTurn {
  readonly rounds: number;
  readonly rate: number;
  readonly campaigns: readonly number[];
  readonly signal: AbortSignal;
  readonly restart: (server: ServerProcess, again: () => Promise<unknown>) => Promise<void>;
}

/** The rig's own server keeps the database and counts; two others take the events, and each in turn is restarted. */
async function restartInTurn(
  rig: Rig,
  { rounds, rate, campaigns, signal, restart }: InTurn,
): Promise<LoadReport> {
  const env = { DATABASE_URL: rig.postgres.url() };
  const start = (server: ServerProcess) => server.start(env, ['serve', '--roles', 'api']);
  const servers = await Promise.all(
    INSTANCES.map(async (name) => {
      const dataDir = join(rig.dir, `instance-${name}`);
      mkdirSync(dataDir);
      return rig.openServer(dataDir);
    }),
  );
  await Promise.all(servers.map(start));
  const balancer = await openBalancer(servers.map((server) => server.url));
  try {
    const load = rig.startLoad({ rate, campaigns, url: balancer.url });
    for (let round = 0; round < rounds && !signal.aborted; round += 1) {
      for (const server of servers) await restart(server, () => start(server));
    }
    const report = await load.stop();
    for (const server of servers) await server.end('SIGTERM');
    return report;
  } finally {
    await balancer.close();
  }
}

interface Stop {
  readonly ms: number;
  readonly exit: Exit | undefined;
}

async function stop(server: ServerProcess): Promise<Stop> {
  const startedAt = performance.now();
  const exit = await server.end('SIGTERM');
  return { ms: performance.now() - startedAt, exit };
}

function findBadStop({ ms, exit }: Stop): string[] {
  if (exit?.code === 0 && ms <= EXIT_MS) return [];
  return [`a stop took ${Math.round(ms)} ms and ended with ${exit?.signal ?? exit?.code}`];
}

function findViolations(where: string, { answers, late_ms }: LoadReport, allowed: RegExp): string[] {
  const { timeout = 0, closed = 0, ...others } = answers;
  const wrong = Object.entries(others).filter(([what]) => !allowed.test(what));
  // Clients that run that late themselves cannot tell how long a server took, nor hear in time that it closes.
  const starved = late_ms.p99 > STARVED_MS;
  return [
    ...wrong.map(([what, count]) => `${where}, ${count} requests ended with ${what}`),
    ...(timeout > 0 && !starved ? [`${where}, ${timeout} requests had no answer`] : []),
    ...(closed > 0 && !starved ? [`${where}, ${closed} requests ended with closed`] : []),
  ];
}

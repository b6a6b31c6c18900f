import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '../../kit/wait.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import { type ProbeReport, startProbe } from './probe.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import { shuffle } from './shuffle.ts';
import { type Ended, openTopology, type Target, type Topology } from './topology.ts';

const ROUNDS = 1;
const RATE = 300;
const FROZEN_SECONDS = 30;
const KILLED_MS = 500;
const LEAST_PAUSE_MS = 200;
const MOST_PAUSE_MS = 800;
const LONGEST_MS = 3_000;
const BACK_LIMIT_MS = 60_000;
const LOOK_MS = 100;
const STARVED_MS = 500;

/** Every process and every engine of the scaled-out form is killed and frozen in turn; the others go on. */
export const kafkaTopology: Scenario = {
  name: 'kafka-topology',
  title:
    'kill -9 and freeze, in turn, of two APIs, a leading broker, two aggregators, the recorder, MongoDB and PostgreSQL',
  engines: ['kafka', 'mongodb', 'control'],
  run: async (rig, { rounds = ROUNDS, rate = RATE, seconds = FROZEN_SECONDS, signal, onProgress }) => {
    const topology = await openTopology(rig);
    try {
      const [probed, ...campaigns] = await rig.makeCampaigns(4);
      const load = rig.startLoad({ rate, campaigns, url: topology.url });
      const steps: Step[] = [];
      const order = Array.from({ length: rounds }, () => shuffle(topology.targets, rig.random)).flat();
      for (const [at, target] of order.entries()) {
        for (const how of ['kill', 'freeze'] as const) {
          if (signal.aborted) break;
          onProgress(at, order.length, `${how} ${target.name}`);
          await sleep(LEAST_PAUSE_MS + rig.random() * MOST_PAUSE_MS, signal);
          const breach = {
            target,
            how,
            probed: probed!,
            rate,
            downMs: how === 'kill' ? KILLED_MS : seconds * 1_000,
          };
          steps.push(await breakOne(rig, topology, breach, signal));
        }
      }
      const report = await load.stop();
      onProgress(order.length, order.length, `${steps.length} breaks`);
      const starved = report.late_ms.p99 > STARVED_MS;
      return {
        violations: [
          ...steps.flatMap((step) => findViolations(step, starved)),
          ...findRejections(join(rig.dir, 'server.log')),
          ...(report.tries === report.events ? ['no try ever failed: nothing was broken'] : []),
        ],
        figures: {
          breaks: steps.length,
          brokers: rig.engines().brokers.length,
          frozen_seconds: seconds,
          rate,
          started_again: steps.flatMap(({ ended }) => ended.map(describeEnd)),
          longest_ms: Math.max(...steps.map((step) => step.longestMs)),
          caught_up_ms: Object.fromEntries(
            steps.map(({ name, caughtUpMs }) => [name, caughtUpMs && Math.round(caughtUpMs)]),
          ),
          load: toFigures(report),
        },
        notes: describeSlowness(report, rate),
      };
    } finally {
      await topology.close();
    }
  },
};

interface Breach {
  readonly target: Target;
  readonly how: 'kill' | 'freeze';
  readonly probed: number;
  readonly rate: number;
  readonly downMs: number;
}

interface Step {
  readonly name: string;
  /** Of the requests to API processes that were not broken themselves. */
  readonly longestMs: number;
  readonly probes: readonly ProbeReport[];
  /** From its return until no more than a second of events waits to be counted, or to be recorded; undefined: never. */
  readonly caughtUpMs: number | undefined;
  readonly ended: readonly Ended[];
}

async function breakOne(
  rig: Rig,
  topology: Topology,
  { target, how, probed, rate, downMs }: Breach,
  signal: AbortSignal,
): Promise<Step> {
  const probes = target.apis.map((url) => startProbe(url, probed));
  let caughtUpMs: number | undefined;
  let reports: readonly ProbeReport[] = [];
  try {
    const undo = await target[how]();
    await sleep(downMs, signal).finally(undo);
    const backAt = performance.now();
    await rig.history.next(BACK_LIMIT_MS);
    if (await waitUntilCaughtUp(rig, rate)) caughtUpMs = performance.now() - backAt;
  } finally {
    reports = await Promise.all(probes.map((probe) => probe.stop()));
  }
  return {
    name: `${how} ${target.name}`,
    longestMs: Math.max(...reports.map((report) => report.longest_ms)),
    probes: reports,
    caughtUpMs,
    ended: await topology.startEnded(),
  };
}

/** False where it takes longer than a minute. */
async function waitUntilCaughtUp(rig: Rig, rate: number): Promise<boolean> {
  const due = performance.now() + BACK_LIMIT_MS;
  let token: string | undefined;
  while (performance.now() < due) {
    try {
      token ??= await rig.signIn();
      const { pipeline, raw } = await readStatus(rig.server.url, token);
      if (Math.max(pipeline.lag_events ?? rate, raw.lag_events ?? rate) < rate) return true;
    } catch {
      // It may just have come back itself.
    }
    await sleep(LOOK_MS);
  }
  return false;
}

interface Status {
  readonly pipeline: { readonly lag_events: number | null };
  readonly raw: { readonly lag_events: number | null };
}

async function readStatus(url: string, token: string): Promise<Status> {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${url}/api/status`, { headers, signal: AbortSignal.timeout(LONGEST_MS) });
  if (!answer.ok) throw new Error(`${url}/api/status answered ${answer.status}`);
  return (await answer.json()) as Status;
}

/** Clients that run late themselves cannot tell how long a server took. */
function findViolations({ name, probes, longestMs, caughtUpMs, ended }: Step, starved: boolean): string[] {
  return [
    ...probes.flatMap((probe) => probe.violations).map((what) => `${name}: ${what}`),
    ...ended.filter(({ exit }) => exit.code !== 1).map((one) => `${name}: ${describeEnd(one)}`),
    ...(longestMs > LONGEST_MS && !starved ? [`${name}: a request took ${Math.round(longestMs)} ms`] : []),
    ...(caughtUpMs === undefined
      ? [`${name}: events still waited to be counted or recorded after a minute`]
      : []),
  ];
}

function describeEnd({ name, exit }: Ended): string {
  return `${name} ended by itself (${exit.signal ?? exit.code})`;
}

/** With the last of them Node ends a process that nobody caught an error of. */
function findRejections(logFile: string): string[] {
  const lines = readFileSync(logFile, 'utf8').split('\n');
  const found = lines.filter((line) => /unhandled|uncaught|^Node\.js v\d/i.test(line));
  return found.length === 0
    ? []
    : [`${found.length} lines of unhandled rejections, the first: ${found[0]!.slice(0, 300)}`];
}

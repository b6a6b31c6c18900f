import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { abortAfter, sleep } from '../../kit/wait.ts';
import type { LoadReport } from '../load.ts';
import { type AdminView, type FreshnessReport, openAdminView, watchFreshness } from './freshness-probe.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import type { Rig } from './rig.ts';
import type { Scenario, ScenarioOptions } from './scenario.ts';

const SECONDS = 600;
const RATE = 1_000;
const VISIBLE_MS = 2_000;
const DRAIN_FACTOR = 3;
const LOOK_MS = 20;
const DRAIN_LIMIT_MS = 300_000;
/** What a healthy aggregator has before it: that of 300 ms. */
const USUAL_SECONDS = 0.3;
const MEMORY_EVERY_MS = 500;

/** How soon an event is in the numbers, and what becomes of that when nobody counts for a while. */
export const freshness: Scenario = {
  name: 'freshness',
  title: 'how soon events are in the numbers; then the aggregator is killed, and has to catch up',
  run: async (rig, options) => {
    const { seconds = SECONDS, rate = RATE, signal, onProgress } = options;
    await rig.server.start({}, ['serve', '--roles', 'api,housekeeping']);
    const aggregator = await openAggregator(rig);
    aggregator.start();
    const view = openAdminView(rig);
    const [probed, ...campaigns] = await rig.makeCampaigns(4);
    const part = { rig, rate, campaigns, seconds, signal };

    onProgress(0, 3, 'the aggregator counts');
    const [fresh, counting] = await Promise.all([
      watchUntil(signal, seconds, (until) => watchFreshness(rig, view, probed!, until)),
      loadFor(part),
    ]);
    onProgress(1, 3, 'nobody counts');
    await aggregator.kill();
    const stopped = await loadFor(part);
    onProgress(2, 3, 'the aggregator catches up');
    const load = rig.startLoad({ rate, campaigns });
    aggregator.start();
    const drain = await watchDrain(view, rate);
    const after = await watchUntil(signal, 1, (until) => watchFreshness(rig, view, probed!, until));
    const draining = await load.stop();
    onProgress(3, 3, 'caught up');
    return {
      violations: findViolations(fresh, drain, after),
      figures: {
        rate,
        visible_ms: fresh.visible_ms,
        probes: fresh.events,
        counting: { ...toFigures(counting.report), memory_mb: counting.memoryMb },
        stopped: { ...toFigures(stopped.report), memory_mb: stopped.memoryMb },
        drain: { ...drain, times_the_ingest: drain && Math.round((10 * drain.events_a_second) / rate) / 10 },
        after_visible_ms: after.visible_ms,
      },
      notes: [
        ...describeMisses(fresh, drain, rate),
        ...[counting.report, stopped.report, draining].flatMap((report) => describeSlowness(report, rate)),
      ],
    };
  },
};

interface Aggregator {
  readonly start: () => void;
  readonly kill: () => Promise<unknown>;
}

/** A process that counts and does nothing else, on the database of the rig's server. */
async function openAggregator(rig: Rig): Promise<Aggregator> {
  const dataDir = join(rig.dir, 'aggregator');
  mkdirSync(dataDir);
  const counter = await rig.openServer(dataDir);
  return {
    start: () => counter.launch({ DATABASE_URL: rig.postgres.url() }, ['serve', '--roles', 'aggregator']),
    kill: () => counter.end('SIGKILL'),
  };
}

interface Loaded {
  readonly report: LoadReport;
  /** Of the server that takes the events. */
  readonly memoryMb: Readonly<Record<'first' | 'most' | 'last', number | undefined>>;
}

interface Part extends Required<Pick<ScenarioOptions, 'signal'>> {
  readonly rig: Rig;
  readonly rate: number;
  readonly campaigns: readonly number[];
  readonly seconds: number;
}

async function loadFor({ rig, rate, campaigns, seconds, signal }: Part): Promise<Loaded> {
  const { server } = rig;
  const endAt = performance.now() + 1_000 * seconds;
  const load = rig.startLoad({ rate, campaigns });
  const first = server.memoryMb();
  let most = first;
  while (performance.now() < endAt && !signal.aborted) {
    await sleep(Math.min(MEMORY_EVERY_MS, endAt - performance.now()), signal);
    const now = server.memoryMb();
    if (now !== undefined && now > (most ?? 0)) most = now;
  }
  return { report: await load.stop(), memoryMb: { first, most, last: server.memoryMb() } };
}

/** Runs `watch` for some seconds, or until `signal` aborts. */
async function watchUntil<T>(
  signal: AbortSignal,
  seconds: number,
  watch: (until: AbortSignal) => Promise<T>,
): Promise<T> {
  return watch(abortAfter(1_000 * seconds, signal));
}

interface Drain {
  /** Most events that waited to be counted. */
  readonly waited: number;
  /** From there until no more than usual waited. */
  readonly seconds: number;
  readonly events_a_second: number;
}

/** Undefined where it did not come to an end. The load goes on meanwhile, so that what it adds is counted, too. */
async function watchDrain(view: AdminView, rate: number): Promise<Drain | undefined> {
  const startedAt = performance.now();
  let waited = 0;
  let fromAt = startedAt;
  while (performance.now() - startedAt < DRAIN_LIMIT_MS) {
    const askedAt = performance.now();
    const { pipeline } = (await view.get('/api/status')) as { pipeline: { lag_events: number | null } };
    const now = performance.now();
    const lag = pipeline.lag_events ?? 0;
    if (lag >= waited) {
      waited = lag;
      fromAt = askedAt;
    } else if (lag <= rate * USUAL_SECONDS) {
      const seconds = (now - fromAt) / 1_000;
      const counted = waited - lag + rate * seconds;
      return {
        waited,
        seconds: Math.round(100 * seconds) / 100,
        events_a_second: Math.round(counted / seconds),
      };
    }
    await sleep(LOOK_MS);
  }
  return undefined;
}

function findViolations(fresh: FreshnessReport, drain: Drain | undefined, after: FreshnessReport): string[] {
  const missing = fresh.missing + after.missing;
  return [
    ...(missing > 0 ? [`${missing} events that were acknowledged were not in the numbers after 30 s`] : []),
    ...(drain === undefined ? ['what waited was not counted in five minutes'] : []),
  ];
}

function describeMisses(fresh: FreshnessReport, drain: Drain | undefined, rate: number): string[] {
  return [
    ...(fresh.visible_ms.p99 > VISIBLE_MS
      ? [`events were in the numbers after ${fresh.visible_ms.p99} ms (p99)`]
      : []),
    ...(drain !== undefined && drain.events_a_second < DRAIN_FACTOR * rate
      ? [
          `the aggregator caught up at ${drain.events_a_second} events a second, less than ${DRAIN_FACTOR} × ${rate}`,
        ]
      : []),
  ];
}

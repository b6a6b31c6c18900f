import { join } from 'node:path';
import { sleep } from '../../kit/wait.ts';
import { openInspector, WITH_INSPECTOR } from './inspector.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import { type ReaderReport, startReaders } from './readers.ts';
import { createSampler, type ResourceSample, type Sampler, toRange, toSlope } from './resource-samples.ts';
import type { Scenario } from './scenario.ts';

const RATE = 1_000;
const SECONDS = 600;
/** For each event a second: requests for numbers, and open live pages. */
const REQUESTS = 0.2;
const LISTENERS = 0.5;
const SAMPLE_EVERY_MS = 1_000;
/** Of the time; caches fill, and V8 finds the size of its heap. */
const WARM_UP = 0.2;
/** Each is a collection of garbage and a sample of what is left. */
const COLLECTIONS = 20;
const SLOPE_MB = 1;
const LEAST_SLOPE_SECONDS = 120;
const REST_LIMIT_MS = 20_000;
/** Pools open and close connections as they are needed; a leak is one for each request. */
const SLACK = 15;
const TIMER_SLACK = 3;

/** Nothing is broken: what a server that only works keeps must not grow. */
export const soak: Scenario = {
  name: 'soak',
  title:
    'events, requests for numbers and live pages for long; memory, descriptors, timers and connections must not grow',
  run: async (rig, { rate = RATE, seconds = SECONDS, signal, onProgress }) => {
    const { server, postgres, dir } = rig;
    await server.start(WITH_INSPECTOR);
    const campaigns = await rig.makeCampaigns(4);
    const inspector = await openInspector(join(dir, 'server.log'));
    const sampler = await createSampler(inspector, postgres, join(dir, 'samples.ndjson'));
    const before = await sampler.takeClean();
    const load = rig.startLoad({ rate, campaigns });
    const listeners = Math.ceil(rate * LISTENERS);
    const readers = await startReaders({
      url: server.url,
      signIn: rig.signIn,
      campaigns,
      rate: rate * REQUESTS,
      listeners,
    });
    const course = await follow(sampler, { seconds, signal, onProgress }).catch(async (error: unknown) => {
      await readers.stop().catch(() => undefined);
      throw error;
    });
    const report = await load.stop();
    const read = await readers.stop();
    const after = await rest(sampler, before);
    inspector.close();
    const { samples, held } = course;
    const [warm, last] = [held[0]!, held.at(-1)!];
    // What a collection gives back in a few seconds is no slope.
    const slope = seconds < LEAST_SLOPE_SECONDS ? undefined : toSlope(samples, 'rssMb');
    return {
      violations: [...findLeft(before, after), ...findWrongReading(read, listeners)],
      figures: {
        rate,
        seconds,
        rss_mb: { before: before.rssMb, warm: warm.rssMb, last: last.rssMb, after: after.rssMb },
        rss_mb_per_10_min: slope,
        held_heap_mb_per_10_min: seconds < LEAST_SLOPE_SECONDS ? undefined : toSlope(held, 'heapMb'),
        heap_mb: { before: before.heapMb, warm: warm.heapMb, last: last.heapMb, after: after.heapMb },
        descriptors: toRange(samples, 'descriptors'),
        connections: toRange(samples, 'connections'),
        timers: toRange(samples, 'timers'),
        handles: toRange(samples, 'handles'),
        readers: read,
        load: toFigures(report),
      },
      notes: [
        ...(slope !== undefined && slope > SLOPE_MB
          ? [`resident memory grew by ${slope} MB for each ten minutes after the warm-up`]
          : []),
        ...describeSlowness(report, rate),
      ],
    };
  },
};

interface Course {
  /** After the warm-up. */
  readonly samples: readonly ResourceSample[];
  /** Of the same time, each after a collection: what is really held. */
  readonly held: readonly ResourceSample[];
}

interface FollowOptions {
  readonly seconds: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number, text: string) => void;
}

async function follow(sampler: Sampler, { seconds, signal, onProgress }: FollowOptions): Promise<Course> {
  const startedAt = performance.now();
  const passed = () => (performance.now() - startedAt) / 1_000;
  const samples: ResourceSample[] = [];
  const held: ResourceSample[] = [];
  while (passed() < seconds && !signal.aborted) {
    onProgress(Math.floor(passed()), Math.ceil(seconds), `${Math.floor(passed())} of ${seconds} s`);
    const sample = await sampler.take();
    if (passed() >= seconds * WARM_UP) samples.push(sample);
    // Evenly, as each collection lets the process shrink for a while.
    if (passed() >= seconds * (WARM_UP + held.length / COLLECTIONS)) held.push(await sampler.takeClean());
    await sleep(Math.min(SAMPLE_EVERY_MS, seconds * WARM_UP * 1_000), signal);
  }
  held.push(await sampler.takeClean());
  return { samples: samples.length > 0 ? samples : held, held };
}

/** Once all clients are gone, what they held is given free: a sample of then, at the latest after some seconds. */
async function rest(sampler: Sampler, before: ResourceSample): Promise<ResourceSample> {
  const due = performance.now() + REST_LIMIT_MS;
  for (;;) {
    const sample = await sampler.takeClean();
    if (findLeft(before, sample).length === 0 || performance.now() > due) return sample;
    await sleep(SAMPLE_EVERY_MS);
  }
}

function findLeft(before: ResourceSample, after: ResourceSample): string[] {
  const more = (of: (sample: ResourceSample) => number) => of(after) - of(before);
  const left: readonly (readonly [string, number, number])[] = [
    ['descriptors', more((sample) => sample.descriptors ?? 0), 2 * SLACK],
    ['handles', more((sample) => sample.handles), 2 * SLACK],
    ['connections', more((sample) => sample.connections), SLACK],
    // Each idle connection of a pool has a timer of its own; of all others none may be left.
    ['timers', more((sample) => sample.timers - sample.connections), TIMER_SLACK],
  ];
  return left
    .filter(([, count, most]) => count > most)
    .map(([kind, count]) => `${count} more ${kind} than before the load were left behind it`);
}

/** Listeners that were cut off, and answers that are no good one. */
function findWrongReading({ answers, listeners, ended }: ReaderReport, expected: number): string[] {
  const wrong = Object.entries(answers).filter(
    ([what]) => what !== '200' && what !== '503' && what !== 'timeout',
  );
  return [
    ...wrong.map(([what, count]) => `${count} requests for numbers ended with ${what}`),
    ...(ended > 0 ? [`${ended} of ${expected} live streams were ended by the server`] : []),
    ...(listeners + ended < expected
      ? [`only ${listeners} of ${expected} live streams could be opened, after the load, too`]
      : []),
  ];
}

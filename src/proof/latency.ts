// 128 steps to each doubling: a percentile is at most 0.8 % above the true one, in memory that no run can grow.
const STEPS = 128;
const DOUBLINGS = 32;

export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What a histogram holds, so that it can travel and be added to another: `[bucket, count]` of each that is not empty. */
export interface LatencyCounts {
  readonly buckets: readonly (readonly [number, number])[];
  /** Milliseconds; 0 where nothing was recorded. */
  readonly max: number;
}

export interface Latencies {
  /** `count` of them took as long as this. */
  readonly record: (ms: number, count?: number) => void;
  /** Adds another's counts: the sum is what one histogram over both would hold. */
  readonly add: (counts: LatencyCounts) => void;
  readonly counts: () => LatencyCounts;
  /** Milliseconds. */
  readonly summary: () => LatencySummary;
}

/** A histogram of log-linear buckets over microseconds; the idea is HdrHistogram's (Gil Tene, hdrhistogram.org). */
export function createLatencies(): Latencies {
  const counts = new Float64Array(STEPS * DOUBLINGS);
  let total = 0;
  let max = 0;

  function put(bucket: number, count: number): void {
    counts[bucket]! += count;
    total += count;
  }

  function percentile(share: number): number {
    let left = Math.ceil(total * share);
    for (const [bucket, count] of counts.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return Math.min(upperMs(bucket), max);
    }
    return max;
  }

  return {
    record: (ms, count = 1) => {
      put(toBucket(ms), count);
      if (ms > max) max = ms;
    },
    add: (other) => {
      for (const [bucket, count] of other.buckets) put(bucket, count);
      max = Math.max(max, other.max);
    },
    counts: () => {
      const buckets: [number, number][] = [];
      for (const [bucket, count] of counts.entries()) if (count > 0) buckets.push([bucket, count]);
      return { buckets, max };
    },
    summary: () => ({
      p50: round(percentile(0.5)),
      p90: round(percentile(0.9)),
      p99: round(percentile(0.99)),
      p999: round(percentile(0.999)),
      max: round(max),
    }),
  };
}

export function mergeLatencies(all: readonly LatencyCounts[]): LatencyCounts {
  const sum = createLatencies();
  for (const counts of all) sum.add(counts);
  return sum.counts();
}

export function summarize(counts: LatencyCounts): LatencySummary {
  const one = createLatencies();
  one.add(counts);
  return one.summary();
}

/** What came between two looks at one histogram. Its `max` is known to the bucket only. */
export function latenciesSince(before: LatencyCounts, now: LatencyCounts): LatencyCounts {
  const old = new Map(before.buckets);
  const buckets = now.buckets
    .map(([bucket, count]) => [bucket, count - (old.get(bucket) ?? 0)] as const)
    .filter(([, count]) => count > 0);
  const highest = buckets.at(-1);
  return { buckets, max: highest ? Math.min(upperMs(highest[0]), now.max) : 0 };
}

function toBucket(ms: number): number {
  const micros = Math.max(1, ms * 1_000);
  const doubling = Math.floor(Math.log2(micros));
  const step = Math.floor((micros / 2 ** doubling - 1) * STEPS);
  return Math.min(doubling * STEPS + Math.min(step, STEPS - 1), STEPS * DOUBLINGS - 1);
}

function upperMs(bucket: number): number {
  const doubling = Math.floor(bucket / STEPS);
  return (2 ** doubling * (1 + ((bucket % STEPS) + 1) / STEPS)) / 1_000;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

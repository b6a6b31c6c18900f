// 64 steps to each doubling: a percentile is at most 1.6 % above the true one, in memory that no run can grow.
const STEPS = 64;
const DOUBLINGS = 32;

export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Latencies {
  readonly record: (ms: number) => void;
  /** Milliseconds. */
  readonly summary: () => LatencySummary;
}

/** A histogram of log-linear buckets (as HdrHistogram has them) over microseconds. */
export function createLatencies(): Latencies {
  const counts = new Float64Array(STEPS * DOUBLINGS);
  let total = 0;
  let max = 0;

  function percentile(share: number): number {
    let left = Math.ceil(total * share);
    for (const [bucket, count] of counts.entries()) {
      left -= count;
      if (left <= 0 && count > 0) return Math.min(upperMs(bucket), max);
    }
    return max;
  }

  return {
    record: (ms) => {
      counts[toBucket(ms)]! += 1;
      total += 1;
      if (ms > max) max = ms;
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

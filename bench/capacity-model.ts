import { createRandom } from '../src/proof/random.ts';

/** Microseconds of one processor, and bytes, as measured on one machine. */
export interface Costs {
  /** The API process, for a single-event request. */
  readonly apiMicros: number;
  /** The backend that writes a lane, for an event of a group. */
  readonly logMicros: number;
  /** The backend that counts: for a batch, an event, a counter row (of three tables) and an actor row that it touches. */
  readonly counting: CountingCosts;
  /** Write-ahead log of keeping an event, and of counting one. */
  readonly logBytes: number;
  readonly countBytes: CountingCosts;
}

export interface CountingCosts {
  readonly batch: number;
  readonly event: number;
  readonly counterRow: number;
  readonly actorRow: number;
}

/** What is asked for. */
export interface Load {
  /** Events a second. */
  readonly rate: number;
  readonly campaigns: number;
  /** Visitors that are active within a quarter of an hour. */
  readonly actors: number;
}

/** Rows that counting one batch touches. */
export interface Touched {
  readonly events: number;
  readonly counterRows: number;
  readonly actorRows: number;
}

/** As many as counting takes at once (`BATCH` in `pipeline/aggregate`). */
export const BATCH = 5_000;
/** Minute, quarter hour and total. */
const COUNTER_TABLES = 3;
/** Of the time. Above it, what waits grows faster than what is gained. */
export const BUSY = 0.7;

/** How many of `kinds` are met by `draws` that take each alike: kinds × (1 − (1 − 1/kinds)^draws). */
export function expectDistinct(kinds: number, draws: number): number {
  if (kinds <= 1) return Math.min(kinds, draws);
  return -kinds * Math.expm1(draws * Math.log1p(-1 / kinds));
}

/**
 * Rows of a batch. A set's row is written once for each actor, campaign and quarter of an hour; later events of that actor
 * leave it as it is, so the mean over the quarter counts.
 */
export function expectTouched({ rate, campaigns, actors }: Load, events = BATCH): Touched {
  const inQuarter = Math.max(rate * 900, events);
  const newPairs = expectDistinct(campaigns * actors, inQuarter);
  return {
    events,
    counterRows: COUNTER_TABLES * expectDistinct(campaigns, events),
    actorRows: (newPairs / inQuarter) * events,
  };
}

export function sumCosts(costs: CountingCosts, touched: Touched): number {
  return (
    costs.batch +
    costs.event * touched.events +
    costs.counterRow * touched.counterRows +
    costs.actorRow * touched.actorRows
  );
}

export interface Waits {
  /** Seconds from arrival to the start of service. */
  readonly mean: number;
  readonly p99: number;
  /** Share of the time that a server works. */
  readonly busy: number;
}

/**
 * Poisson arrivals at a station of `servers` that take `serviceSeconds` for each, one after the other: M/D/c, by
 * simulation. Every customer in order goes to the server that is free first.
 */
export function simulateStation(
  rate: number,
  serviceSeconds: number,
  servers: number,
  customers = 200_000,
  seed = 1,
): Waits {
  const random = createRandom(seed);
  const freeAt = new Float64Array(servers);
  const waits = new Float64Array(customers);
  let now = 0;
  for (let at = 0; at < customers; at += 1) {
    now += -Math.log1p(-random()) / rate;
    let first = 0;
    for (let one = 1; one < servers; one += 1) if (freeAt[one]! < freeAt[first]!) first = one;
    const begins = Math.max(now, freeAt[first]!);
    waits[at] = begins - now;
    freeAt[first] = begins + serviceSeconds;
  }
  waits.sort();
  return {
    mean: waits.reduce((sum, one) => sum + one, 0) / customers,
    p99: waits[Math.ceil(customers * 0.99) - 1]!,
    busy: Math.min(1, (customers * serviceSeconds) / (servers * now)),
  };
}

export interface Needs {
  readonly load: Load;
  readonly shards: number;
  /** API processes; each has a lane of its own. */
  readonly api: number;
  /** Processors for the backends that write the lanes, all shards together. */
  readonly logCores: number;
  /** Share of its time that the one counting of a shard works. */
  readonly countingBusy: number;
  readonly countingMicros: number;
  /** Of one shard, a second. */
  readonly counterRows: number;
  readonly actorRows: number;
  readonly walMegabytes: number;
  /** An event's wait before the API process takes it, p99, seconds. */
  readonly apiP99: number;
}

/**
 * What a load needs with its campaigns spread over `shards` databases. Batches of one database touch the same hottest
 * rows, so its countings wait for each other: one at a time is all that a shard can do, whatever its cores.
 */
export function plan(costs: Costs, load: Load, shards: number): Needs {
  const own: Load = {
    rate: load.rate / shards,
    campaigns: Math.max(1, load.campaigns / shards),
    actors: load.actors,
  };
  const touched = expectTouched(own);
  const countingMicros = sumCosts(costs.counting, touched) / touched.events;
  const bytes = costs.logBytes + sumCosts(costs.countBytes, touched) / touched.events;
  const api = Math.ceil((load.rate * costs.apiMicros) / 1e6 / BUSY);
  return {
    load,
    shards,
    api,
    logCores: (load.rate * costs.logMicros) / 1e6 / BUSY,
    countingBusy: (own.rate * countingMicros) / 1e6,
    countingMicros,
    counterRows: (own.rate / touched.events) * touched.counterRows,
    actorRows: (own.rate / touched.events) * touched.actorRows,
    walMegabytes: (own.rate * bytes) / 1e6,
    apiP99: simulateStation(load.rate / api, costs.apiMicros / 1e6, 1, 100_000).p99,
  };
}

/** The fewest shards of which none counts for more than `BUSY` of its time. */
export function findShards(costs: Costs, load: Load): number {
  for (let shards = 1; shards <= 1_024; shards += 1)
    if (plan(costs, load, shards).countingBusy <= BUSY) return shards;
  return Number.POSITIVE_INFINITY;
}

/** Least squares of `rows · x = values` by the normal equations; `rows` need as many independent ones as columns. */
export function fit(rows: readonly (readonly number[])[], values: readonly number[]): number[] {
  const width = rows[0]?.length ?? 0;
  const matrix = Array.from({ length: width }, (_, i) => [
    ...Array.from({ length: width }, (_, j) => rows.reduce((sum, row) => sum + row[i]! * row[j]!, 0)),
    rows.reduce((sum, row, at) => sum + row[i]! * values[at]!, 0),
  ]);
  for (let pivot = 0; pivot < width; pivot += 1) {
    let best = pivot;
    for (let row = pivot + 1; row < width; row += 1)
      if (Math.abs(matrix[row]![pivot]!) > Math.abs(matrix[best]![pivot]!)) best = row;
    [matrix[pivot], matrix[best]] = [matrix[best]!, matrix[pivot]!];
    for (let row = 0; row < width; row += 1) {
      if (row === pivot) continue;
      const factor = matrix[row]![pivot]! / matrix[pivot]![pivot]!;
      for (let column = pivot; column <= width; column += 1)
        matrix[row]![column]! -= factor * matrix[pivot]![column]!;
    }
  }
  return matrix.map((row, at) => row[width]! / row[at]!);
}

/** As `fit`, with no cost below zero: one that comes out so is nothing, and the others are fitted without it. */
export function fitCosts(rows: readonly (readonly number[])[], values: readonly number[]): number[] {
  const width = rows[0]?.length ?? 0;
  let kept = Array.from({ length: width }, (_, at) => at);
  for (;;) {
    const found = fit(
      rows.map((row) => kept.map((at) => row[at]!)),
      values,
    );
    const low = found.indexOf(Math.min(...found));
    if (found[low]! >= 0) {
      const costs = Array.from({ length: width }, () => 0);
      for (const [at, column] of kept.entries()) costs[column] = found[at]!;
      return costs;
    }
    kept = kept.filter((_, at) => at !== low);
  }
}

import type { Db } from '../../db/pool.ts';
import type { Subject } from '../../events/event.ts';
import { type AppError, invalid } from '../../kit/errors.ts';
import type { RawStore } from '../../ports/raw-store.ts';
import {
  areMinutesGone,
  type CountRow,
  countActors,
  findInstants,
  listQuarterActors,
  SEEN_MASKS,
  sumMinutes,
  sumQuarters,
  type Traffic,
  type UniqueRow,
} from './stats.queries.ts';
import { type Interval, listBuckets, type Zone } from './time-buckets.ts';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const FINAL_AFTER_MS = 7 * 86_400_000;
export const MAX_ROWS = 10_000;
/** Actor minutes read from raw for one answer; past it the range or the interval is refused by name. */
const MAX_RAW_ACTORS = 500_000;

export interface StatsRequest {
  readonly subject: Subject;
  readonly from: Date;
  readonly to: Date;
  readonly interval: Interval;
  readonly zone: Zone;
  readonly traffic: Traffic;
}

export interface Figures {
  readonly views: number;
  readonly true_views: number;
  readonly clicks: number;
  /** clicks / views; null at 0 views. */
  readonly ctr: number | null;
  readonly unique_viewers: number;
  readonly unique_clickers: number;
}

export interface StatsAnswer {
  readonly as_of: Date;
  readonly complete_through: Date | null;
  readonly totals: Figures;
  readonly series: readonly (Figures & {
    readonly start: string;
    readonly complete: boolean;
    readonly final: boolean;
  })[];
}

type ActorRows = Pick<RawStore, 'listActors'>;

/** Counts and exact uniques of one subject, row by row. Whole quarters come from counters and sets, the edges from minutes. */
export async function readStats(db: Db, raw: ActorRows, request: StatsRequest): Promise<StatsAnswer> {
  const starts = bucketStarts(request);
  await refuseLostMinutes(db, request);
  const instants = await findInstants(db);
  const range = { ...request, starts: starts.map((start) => new Date(start)) };
  const [counts, uniques] = await Promise.all([readCounts(db, range), readUniques(db, raw, range)]);

  const countOf = new Map<number, CountRow>();
  for (const row of counts) countOf.set(row.bucket, addCounts(countOf.get(row.bucket), row));
  const uniqueOf = new Map(uniques.map((row) => [row.bucket, row]));
  const through = instants.complete_through?.getTime() ?? Number.NEGATIVE_INFINITY;
  const series = starts.map((start, index) => {
    const end = starts[index + 1] ?? request.to.getTime();
    return {
      start: request.zone.format(start),
      complete: end <= through,
      final: end + FINAL_AFTER_MS <= through,
      ...toFigures(countOf.get(index + 1), uniqueOf.get(index + 1)),
    };
  });
  const sum = counts.reduce<CountRow | undefined>((total, row) => addCounts(total, row), undefined);
  return { ...instants, totals: toFigures(sum, uniqueOf.get(null)), series };
}

function bucketStarts({ from, to, interval, zone }: StatsRequest): number[] {
  const problems = [
    ...(from.getTime() % MINUTE_MS === 0 ? [] : [{ path: 'from', message: 'must be a whole minute' }]),
    ...(to.getTime() % MINUTE_MS === 0 ? [] : [{ path: 'to', message: 'must be a whole minute' }]),
    ...(from < to ? [] : [{ path: 'to', message: 'must be later than from' }]),
  ];
  if (problems.length > 0) throw invalid(problems);
  const starts = listBuckets(from.getTime(), to.getTime(), interval, zone, MAX_ROWS);
  if (starts.length > MAX_ROWS) {
    throw invalid([
      {
        path: 'interval',
        message: `gives more than ${MAX_ROWS} rows; choose a longer interval or a shorter range`,
      },
    ]);
  }
  return starts;
}

/** Numbers by the minute live as long as raw events; a sum over what is left of them would be a wrong number. */
async function refuseLostMinutes(db: Db, request: StatsRequest): Promise<void> {
  const { subject, from, to, interval } = request;
  const whole = interval === 'minute' ? undefined : quartersIn(from, to);
  for (const edge of edgesOf(request, whole)) {
    if (!(await areMinutesGone(db, subject, edge))) continue;
    const path = interval === 'minute' ? 'interval' : edge.from === from ? 'from' : 'to';
    const message =
      'single minutes of this time went with their raw events; ask for whole hours (interval=hour or day)';
    throw invalid([{ path, message }]);
  }
}

type Range = StatsRequest & { readonly starts: readonly Date[] };

/** The whole quarters inside a range, or undefined where there is none. */
function quartersIn(from: Date, to: Date): { from: Date; to: Date } | undefined {
  const first = Math.ceil(from.getTime() / QUARTER_MS) * QUARTER_MS;
  const last = Math.floor(to.getTime() / QUARTER_MS) * QUARTER_MS;
  return first < last ? { from: new Date(first), to: new Date(last) } : undefined;
}

function edgesOf(
  range: { readonly from: Date; readonly to: Date },
  whole: { from: Date; to: Date } | undefined,
): { from: Date; to: Date }[] {
  if (!whole) return [{ from: range.from, to: range.to }];
  const edges = [
    { from: range.from, to: whole.from },
    { from: whole.to, to: range.to },
  ];
  return edges.filter((edge) => edge.from < edge.to);
}

async function readCounts(db: Db, range: Range): Promise<CountRow[]> {
  if (range.interval === 'minute') return sumMinutes(db, range);
  const whole = quartersIn(range.from, range.to);
  const edges = edgesOf(range, whole).map((edge) => sumMinutes(db, { ...range, ...edge }));
  const parts = await Promise.all([...(whole ? [sumQuarters(db, { ...range, ...whole })] : []), ...edges]);
  return parts.flat();
}

async function readUniques(db: Db, raw: ActorRows, range: Range): Promise<UniqueRow[]> {
  const whole = range.interval === 'minute' ? undefined : quartersIn(range.from, range.to);
  const edges = edgesOf(range, whole);
  if (whole && edges.length === 0) return countActors(db, range);

  const seen = createSeenSets();
  if (whole)
    for (const row of await listQuarterActors(db, { ...range, ...whole }))
      seen.add(row.bucket, row.actor, row.seen);
  const bucketOf = createBucketFinder(range.starts);
  for (const edge of edges) {
    const rows = await raw.listActors(range.subject, edge.from, edge.to, MAX_RAW_ACTORS);
    if (rows.length === MAX_RAW_ACTORS) {
      throw invalid([
        {
          path: 'interval',
          message: 'this range holds too many visitors to count by the minute; choose whole hours',
        },
      ]);
    }
    for (const row of rows) seen.add(bucketOf(row.minute_at.getTime()), row.actor, row.seen);
  }
  return seen.count(range.traffic);
}

function createBucketFinder(starts: readonly Date[]): (at: number) => number {
  const instants = starts.map((start) => start.getTime());
  return (at) => {
    let low = 0;
    let high = instants.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (instants[middle]! <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

function createSeenSets() {
  const buckets = new Map<number | null, Map<string, number>>();
  const addTo = (bucket: number | null, actor: string, bits: number) => {
    const actors = buckets.get(bucket) ?? new Map<string, number>();
    buckets.set(bucket, actors.set(actor, (actors.get(actor) ?? 0) | bits));
  };
  return {
    add: (bucket: number, actor: string, bits: number) => {
      addTo(bucket, actor, bits);
      addTo(null, actor, bits);
    },
    count: (traffic: Traffic): UniqueRow[] => {
      const { viewed, clicked } = SEEN_MASKS[traffic];
      return [...buckets].map(([bucket, actors]) => {
        const bits = [...actors.values()];
        return {
          bucket,
          unique_viewers: bits.filter((seen) => seen & viewed).length,
          unique_clickers: bits.filter((seen) => seen & clicked).length,
        };
      });
    },
  };
}

function addCounts(total: CountRow | undefined, row: CountRow): CountRow {
  if (!total) return row;
  return {
    bucket: row.bucket,
    views: total.views + row.views,
    true_views: total.true_views + row.true_views,
    clicks: total.clicks + row.clicks,
  };
}

export function toFigures(
  counts: Omit<CountRow, 'bucket'> | undefined,
  uniques: UniqueRow | undefined,
): Figures {
  const views = counts?.views ?? 0;
  const clicks = counts?.clicks ?? 0;
  return {
    views,
    true_views: counts?.true_views ?? 0,
    clicks,
    ctr: views === 0 ? null : clicks / views,
    unique_viewers: uniques?.unique_viewers ?? 0,
    unique_clickers: uniques?.unique_clickers ?? 0,
  };
}

/** The refusal for a zone that the runtime does not know. */
export function unknownZone(name: string): AppError {
  return invalid([{ path: 'tz', message: `${name} is no IANA time zone; write for example Asia/Seoul` }]);
}

import { type Static, Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import type { Subject } from '../../events/event.ts';
import type { Clock } from '../../kit/clock.ts';
import { type FieldError, invalid } from '../../kit/errors.ts';
import type { ShareReads } from '../../kit/shared-reads.ts';
import type { RawStore } from '../../ports/raw-store.ts';
import { parseInstant } from '../collecting/index.ts';
import { readStats, unknownZone } from './stats.service.ts';
import { createZone, type Zone } from './time-buckets.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const VISITORS_BY_DAY =
  'A visitor without a first-party cookie is a new one each day; none is given one here.';
const VISITORS_BY_COOKIE =
  'A visitor with a first-party cookie is one over days, since cookies were turned on. One that may not get it (DNT, Sec-GPC, another site) is a new one each day; one that does not keep it is a new one each time.';

const TrafficName = Type.Union([Type.Literal('valid'), Type.Literal('all'), Type.Literal('invalid')], {
  default: 'valid',
});
export const RangeQuery = {
  from: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, inclusive, a whole minute' })),
  to: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, exclusive, a whole minute' })),
};
export const StatsQuery = Type.Object(
  {
    ...RangeQuery,
    interval: Type.Union([Type.Literal('minute'), Type.Literal('hour'), Type.Literal('day')], {
      default: 'hour',
    }),
    tz: Type.String({ default: 'Asia/Seoul', maxLength: 64 }),
    traffic: TrafficName,
  },
  { additionalProperties: false },
);
export interface StatsDeps {
  /** Reads one answer where numbers are read; `raw` is of the same database. */
  readonly readNumbers: <T>(work: (db: Db, raw: Pick<RawStore, 'listActors'>) => Promise<T>) => Promise<T>;
  /** Many look at the same numbers. */
  readonly share: ShareReads;
  /** Whether anonymous visitors get a first-party id. */
  readonly visitorCookie: boolean;
  readonly clock: Clock;
}

const zones = new Map<string, Zone>();

function findZone(name: string): Zone {
  const known = zones.get(name);
  if (known) return known;
  try {
    const zone = createZone(name);
    // Names are many (aliases, cases), zones few: the map must not grow with what people type.
    if (zones.size < 1_000) zones.set(name, zone);
    return zone;
  } catch {
    throw unknownZone(name);
  }
}

/** The range asked for; the last 24 hours, to the minute that is running, where nothing is said. */
export function readRange(query: { from?: string; to?: string }, now: number): { from: Date; to: Date } {
  const errors: FieldError[] = [];
  const read = (path: 'from' | 'to') => {
    const parsed = parseInstant(query[path]);
    if (typeof parsed !== 'string') return parsed.value;
    errors.push({ path, message: parsed });
    return undefined;
  };
  const [from, to] = [read('from'), read('to')];
  if (errors.length > 0) throw invalid(errors);
  const end = to ?? Math.floor(now / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  return { from: new Date(from ?? end - DAY_MS), to: new Date(end) };
}

/** The numbers of any kind of subject, as its route answers them beside its id. */
export async function answerStats(subject: Subject, query: Static<typeof StatsQuery>, deps: StatsDeps) {
  const zone = findZone(query.tz);
  const range = readRange(query, deps.clock.now());
  const { interval, traffic } = query;
  const asked = { subject, ...range, interval, zone, traffic } as const;
  const key = [subject.kind, subject.id, +range.from, +range.to, interval, query.tz, traffic].join();
  const answer = await deps.share(key, () => deps.readNumbers((db, raw) => readStats(db, raw, asked)));
  const head = {
    from: zone.format(range.from.getTime()),
    to: zone.format(range.to.getTime()),
    interval,
    tz: query.tz,
    traffic,
    as_of: answer.as_of,
    complete_through: answer.complete_through,
    exactness: 'exact',
    notes: [deps.visitorCookie ? VISITORS_BY_COOKIE : VISITORS_BY_DAY],
  };
  return { ...head, totals: answer.totals, series: answer.series };
}

/** Which part of a campaign's life is looked at: kept in the page's address, so a view can be sent to a colleague. */
import type { Campaign, Interval, Stats, StatsRequest, Traffic } from './api.ts';
import { DAY_MS, DEFAULT_ZONE, HOUR_MS, isZone, MINUTE_MS, startOfDay, toInstant } from './zones.ts';

export const PRESETS = ['1h', '24h', '7d', '30d', 'life', 'custom'] as const;
export type Preset = (typeof PRESETS)[number];
export const INTERVALS: readonly Interval[] = ['minute', 'hour', 'day'];
export const TRAFFICS: readonly Traffic[] = ['valid', 'all', 'invalid'];
export const METRICS = ['views', 'clicks', 'ctr', 'uniques'] as const;
export type Metric = (typeof METRICS)[number];

/** What the campaign page and the comparison share. */
export interface Span {
  range: Preset;
  /** wall times in `tz`, of a custom range */
  from?: string;
  to?: string;
  tz: string;
}
export interface Looking extends Span {
  interval?: Interval;
  traffic: Traffic;
  metric: Metric;
}
/** As an address says it: without a range, the campaign itself decides. */
export type LookingSearch = Omit<Looking, 'range'> & { range?: Preset };

const LENGTH_MS: Record<string, number> = {
  '1h': HOUR_MS,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
};
const STEP_MS: Record<Interval, number> = { minute: MINUTE_MS, hour: HOUR_MS, day: DAY_MS };
const MOST_ROWS = 9_990; // the server's limit is 10,000; partial rows at both ends count too

const ZONE_KEY = 'weir.zone';
export const rememberedZone = (): string => {
  const tz = localStorage.getItem(ZONE_KEY);
  return tz && isZone(tz) ? tz : DEFAULT_ZONE;
};
export const rememberZone = (tz: string): void => localStorage.setItem(ZONE_KEY, tz);

export const oneOf = <T extends string>(options: readonly T[], value: unknown): T | undefined =>
  options.find((option) => option === value);

export const parseZone = (tz: unknown): string =>
  typeof tz === 'string' && isZone(tz) ? tz : rememberedZone();

/** Wall times out of an address; what is no time is left out. */
export const parseWalls = ({ from, to }: Record<string, unknown>): Pick<Span, 'from' | 'to'> => ({
  ...(isWall(from) && { from }),
  ...(isWall(to) && { to }),
});
const isWall = (text: unknown): text is string =>
  typeof text === 'string' && !Number.isNaN(toInstant(text, 'UTC'));

/** Turns whatever the address holds into something that can be shown. */
export const parseLooking = (search: Record<string, unknown>): LookingSearch => {
  const range = oneOf(PRESETS, search.range);
  const interval = oneOf(INTERVALS, search.interval);
  return {
    tz: parseZone(search.tz),
    traffic: oneOf(TRAFFICS, search.traffic) ?? 'valid',
    metric: oneOf(METRICS, search.metric) ?? 'views',
    ...(range && { range }),
    ...(interval && { interval }),
    ...parseWalls(search),
  };
};

export const hasEnded = (campaign: Campaign, nowMs: number): boolean =>
  Date.parse(campaign.end_date) <= nowMs;

/** The last 24 hours of a campaign that has ended are an empty page, so that one shows its whole life. */
export const defaultRange = (campaign: Campaign | null, nowMs: number): Preset =>
  campaign && hasEnded(campaign, nowMs) ? 'life' : '24h';

export const fits = (interval: Interval, lengthMs: number): boolean =>
  lengthMs / STEP_MS[interval] <= MOST_ROWS;

const fitting = (lengthMs: number, wish: Interval | undefined): Interval => {
  if (wish && fits(wish, lengthMs)) return wish;
  if (lengthMs <= 6 * HOUR_MS) return 'minute';
  return lengthMs <= 14 * DAY_MS ? 'hour' : 'day';
};

const floor = (instantMs: number, interval: Interval, tz: string): number => {
  if (interval === 'day') return startOfDay(instantMs, tz);
  // zones with half hours: align to the zone's own hour
  const shift = (((startOfDay(instantMs, tz) % HOUR_MS) + HOUR_MS) % HOUR_MS) * Number(interval === 'hour');
  return Math.floor((instantMs - shift) / STEP_MS[interval]) * STEP_MS[interval] + shift;
};

/**
 * The end of the present minute for minutes, else of the present hour: uniques are cheap and exact at any size only
 * where the edges of the range are whole hours.
 */
const ceil = (instantMs: number, interval: Interval, tz: string): number => {
  const unit = interval === 'minute' ? 'minute' : 'hour';
  const start = floor(instantMs, unit, tz);
  return start === instantMs ? instantMs : start + STEP_MS[unit];
};

const toRequest = (fromMs: number, toMs: number, looking: Looking): StatsRequest => {
  const interval = fitting(toMs - fromMs, looking.interval);
  return {
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    interval,
    tz: looking.tz,
    traffic: looking.traffic,
  };
};

const QUARTER_MS = 15 * MINUTE_MS;

/** The whole quarter hours that hold a range, which is what campaigns are compared over; undefined as below. Life: all time. */
export const quartersOf = (span: Span, nowMs: number): { from: string; to: string } | undefined => {
  const length = LENGTH_MS[span.range];
  const isLife = span.range === 'life';
  const fromMs = isLife ? 0 : length ? nowMs - length : toInstant(span.from ?? '', span.tz);
  const toMs = isLife || length ? nowMs : toInstant(span.to ?? '', span.tz);
  if (!(fromMs < toMs)) return undefined;
  return {
    from: new Date(Math.floor(fromMs / QUARTER_MS) * QUARTER_MS).toISOString(),
    to: new Date(Math.ceil(toMs / QUARTER_MS) * QUARTER_MS).toISOString(),
  };
};

/** The request for a range that needs no data to be known; undefined for an unfinished custom range. */
export const requestFor = (looking: Looking, nowMs: number): StatsRequest | undefined => {
  const length = LENGTH_MS[looking.range];
  if (length) {
    const interval = fitting(length, looking.interval);
    const toMs = ceil(nowMs, interval, looking.tz);
    return toRequest(floor(nowMs - length, interval, looking.tz), toMs, looking); // never less than was asked
  }
  const fromMs = toInstant(looking.from ?? '', looking.tz);
  const toMs = toInstant(looking.to ?? '', looking.tz);
  return fromMs < toMs ? toRequest(fromMs, toMs, looking) : undefined;
};

/** All days a campaign can have events in: only those inside its dates are ever accepted. */
export const lifeRequest = (campaign: Campaign | null, looking: Looking, nowMs: number): StatsRequest => {
  const earliest = nowMs - 9_000 * DAY_MS;
  const start = campaign ? Date.parse(campaign.start_date) : earliest;
  const end = campaign ? Date.parse(campaign.end_date) : nowMs;
  const toMs = ceil(Math.min(nowMs, end), 'hour', looking.tz);
  const fromMs = floor(Math.min(Math.max(start, earliest), toMs - HOUR_MS), 'day', looking.tz);
  return { ...toRequest(fromMs, toMs, looking), interval: 'day' };
};

/** From the first day with data to the last. */
export const trimToData = (days: Stats, looking: Looking): StatsRequest => {
  const hasData = days.series.map((row) => row.views + row.clicks + row.true_views > 0);
  const first = days.series[Math.max(0, hasData.indexOf(true))];
  const afterLast = days.series[hasData.lastIndexOf(true) + 1];
  const fromMs = Date.parse(first?.start ?? days.from);
  const toMs = hasData.includes(true) && afterLast ? Date.parse(afterLast.start) : Date.parse(days.to);
  return toRequest(fromMs, toMs, looking);
};

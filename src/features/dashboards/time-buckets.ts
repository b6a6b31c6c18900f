export type Interval = 'minute' | 'hour' | 'day';

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The first instant of each row in [from, to), the first one cut to `from`. Hours and days are those of the zone. */
export function listBuckets(
  from: number,
  to: number,
  interval: Interval,
  zone: Zone,
  limit: number,
): number[] {
  const starts = [from];
  let at = from;
  for (;;) {
    at = nextStart(at, interval, zone);
    if (at >= to) return starts;
    starts.push(at);
    if (starts.length > limit) return starts;
  }
}

function nextStart(at: number, interval: Interval, zone: Zone): number {
  if (interval === 'minute') return Math.floor(at / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const step = interval === 'hour' ? HOUR_MS : DAY_MS;
  const offset = zone.offsetAt(at);
  const next = Math.floor((at + offset) / step) * step + step - offset;
  const offsetThen = zone.offsetAt(next);
  if (offsetThen === offset) return next;
  const change = zone.changeBetween(at, next);
  // An hour ends where the clock is changed; a day goes on to the new clock's midnight, 23 or 25 hours long.
  if (interval === 'hour') return Math.min(next, change);
  const midnight = Math.floor((at + offset) / DAY_MS) * DAY_MS + DAY_MS - offsetThen;
  // Where the change itself skips midnight, the day begins with the first instant after it.
  return Math.max(midnight, change);
}

export interface Zone {
  readonly name: string;
  /** Milliseconds to add to UTC for the wall clock at that instant. */
  readonly offsetAt: (at: number) => number;
  /** The instant, to the quarter of an hour, at which the offset changes between two that differ. */
  readonly changeBetween: (from: number, to: number) => number;
  /** RFC 3339 with the zone's offset at that instant. */
  readonly format: (at: number) => string;
}

/** Throws a RangeError where the runtime knows no such IANA zone. */
export function createZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const offsetAt = (at: number) => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(at)) part[type] = Number(value);
    const wall = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second);
    return Math.round((wall - at) / MINUTE_MS) * MINUTE_MS;
  };
  return {
    name,
    offsetAt,
    changeBetween: (from, to) => {
      let low = Math.floor(from / QUARTER_MS);
      let high = Math.ceil(to / QUARTER_MS);
      const before = offsetAt(from);
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        if (offsetAt(middle * QUARTER_MS) === before) low = middle;
        else high = middle;
      }
      return high * QUARTER_MS;
    },
    format: (at) => formatWithOffset(at, offsetAt(at)),
  };
}

function formatWithOffset(at: number, offset: number): string {
  const minutes = Math.abs(offset) / MINUTE_MS;
  const two = (value: number) => String(value).padStart(2, '0');
  const sign = offset < 0 ? '-' : '+';
  return `${new Date(at + offset).toISOString().slice(0, 19)}${sign}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

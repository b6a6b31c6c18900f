/** Wall clock ↔ instant in any IANA zone, by Intl alone. Instants are milliseconds since 1970. */
export const DEFAULT_ZONE = 'Asia/Seoul';
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const clocks = new Map<string, Intl.DateTimeFormat>();
const clock = (tz: string): Intl.DateTimeFormat => {
  let format = clocks.get(tz);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: tz,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    clocks.set(tz, format);
  }
  return format;
};

/** `2026-05-17T09:30`, as datetime-local inputs hold it. */
export const toWall = (instantMs: number, tz: string): string => {
  const part = Object.fromEntries(
    clock(tz)
      .formatToParts(instantMs)
      .map(({ type, value }) => [type, value]),
  );
  return `${part.year?.padStart(4, '0')}-${part.month}-${part.day}T${part.hour}:${part.minute}`;
};

const offsetMs = (instantMs: number, tz: string): number => {
  const minute = Math.floor(instantMs / MINUTE_MS) * MINUTE_MS;
  return Date.parse(`${toWall(minute, tz)}Z`) - minute;
};

/** NaN where the text is no date. A time that occurs twice is the first one, a skipped one moves forward. */
export const toInstant = (wall: string, tz: string): number => {
  const asUtc = Date.parse(`${wall}Z`);
  if (Number.isNaN(asUtc)) return Number.NaN;
  // the offsets a day before and after are the only ones the wall time can have
  const candidates = [offsetMs(asUtc - DAY_MS, tz), offsetMs(asUtc + DAY_MS, tz)].map(
    (offset) => asUtc - offset,
  );
  return candidates.find((instant) => toWall(instant, tz) === wall) ?? candidates[0] ?? Number.NaN;
};

export const startOfDay = (instantMs: number, tz: string): number =>
  toInstant(`${toWall(instantMs, tz).slice(0, 10)}T00:00`, tz);

export const isZone = (tz: string): boolean => {
  try {
    clock(tz);
    return true;
  } catch {
    return false;
  }
};

/** Every zone the browser knows; UTC, which the list leaves out, in front. */
export const allZones = (): string[] => [
  'UTC',
  ...Intl.supportedValuesOf('timeZone').filter((tz) => tz !== 'UTC'),
];

/** Whether the zone's clock shows this minute twice, as in the hour that is repeated when summer time ends. */
export const isAmbiguous = (instantMs: number, tz: string): boolean => {
  const offset = offsetMs(instantMs, tz);
  return [offsetMs(instantMs - DAY_MS, tz), offsetMs(instantMs + DAY_MS, tz)].some(
    (other) => other !== offset && toWall(instantMs + offset - other, tz) === toWall(instantMs, tz),
  );
};

/** `UTC−04:00`. */
export const offsetName = (instantMs: number, tz: string): string => {
  const minutes = Math.round(offsetMs(instantMs, tz) / MINUTE_MS);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${two(size / 60)}:${two(size % 60)}`;
};

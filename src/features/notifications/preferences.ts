import { type Static, Type } from 'typebox';
import { type FieldError, invalid } from '../../kit/errors.ts';
import { CHANNELS, type Channel, NOTIFICATION_TYPES, type NotificationType } from './notification.ts';
import type { PreferencesRow } from './preferences.queries.ts';

const strict = { additionalProperties: false };
const Time = Type.String({ pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' });
const Channels = Type.Object({ inbox: Type.Boolean(), push: Type.Boolean(), email: Type.Boolean() }, strict);
const Types = Type.Object({ post: Channels, comment: Channels, reply: Channels, mention: Channels }, strict);

/** A whole set: PUT replaces. `muted_posts` has routes of its own. */
export const PreferencesBody = Type.Object(
  {
    types: Types,
    own_acts: Type.Boolean({ description: 'told of own acts too' }),
    digest: Type.Enum(['off', 'daily', 'weekly'], { description: 'by e-mail, of what is unread' }),
    language: Type.Enum(['ko', 'en']),
    quiet_hours: Type.Union([Type.Object({ from: Time, to: Time }, strict), Type.Null()], {
      description: 'no push in between; over midnight too',
    }),
    time_zone: Type.String({ maxLength: 64 }),
    advertising: Type.Boolean({ description: 'consents to advertising messages' }),
    advertising_at_night: Type.Boolean({ description: 'and to those between 21:00 and 08:00 in Korea' }),
  },
  strict,
);
export type PreferencesBody = Static<typeof PreferencesBody>;

export const Preferences = Type.Object({
  ...PreferencesBody.properties,
  muted_posts: Type.Array(Type.Integer()),
});

/** Throws `invalid` for what the schema cannot tell. */
export function toPreferencesRow(body: PreferencesBody): PreferencesRow {
  const errors: FieldError[] = [];
  if (!isTimeZone(body.time_zone))
    errors.push({ path: 'time_zone', message: 'is no IANA time zone; write for example Asia/Seoul' });
  if (body.quiet_hours && body.quiet_hours.from === body.quiet_hours.to)
    errors.push({ path: 'quiet_hours', message: 'begin and end at the same time; null turns them off' });
  if (body.advertising_at_night && !body.advertising)
    errors.push({ path: 'advertising_at_night', message: 'needs consent to advertising messages at all' });
  if (errors.length > 0) throw invalid(errors);
  const off = NOTIFICATION_TYPES.flatMap((type) =>
    CHANNELS.filter((channel) => !body.types[type][channel]).map((channel) => `${type}:${channel}`),
  );
  return {
    off,
    own_acts: body.own_acts,
    digest: body.digest,
    language: body.language,
    quiet_from: body.quiet_hours?.from ?? null,
    quiet_to: body.quiet_hours?.to ?? null,
    time_zone: body.time_zone,
    ads: body.advertising,
    ads_night: body.advertising_at_night,
  };
}

export function toPreferences(
  row: PreferencesRow,
  mutedPosts: readonly number[],
): Static<typeof Preferences> {
  const channels = (type: NotificationType) =>
    Object.fromEntries(
      CHANNELS.map((channel): [Channel, boolean] => [channel, wants(row, type, channel)]),
    ) as Record<Channel, boolean>;
  return {
    types: {
      post: channels('post'),
      comment: channels('comment'),
      reply: channels('reply'),
      mention: channels('mention'),
    },
    own_acts: row.own_acts,
    digest: row.digest,
    language: row.language,
    quiet_hours:
      row.quiet_from !== null && row.quiet_to !== null ? { from: row.quiet_from, to: row.quiet_to } : null,
    time_zone: row.time_zone,
    advertising: row.ads,
    advertising_at_night: row.ads_night,
    muted_posts: [...mutedPosts],
  };
}

export function wants({ off }: PreferencesRow, type: NotificationType, channel: Channel): boolean {
  return !off.includes(`${type}:${channel}`);
}

/** When the quiet hours end that this instant lies in; undefined outside of them. */
export function findQuietEnd(
  { quiet_from: from, quiet_to: to, time_zone: timeZone }: PreferencesRow,
  at: Date,
): Date | undefined {
  if (from === null || to === null) return undefined;
  const start = toMinutes(from);
  const end = toMinutes(to);
  const now = minuteOfDay(at, timeZone);
  const length = (end - start + DAY_MINUTES) % DAY_MINUTES;
  const since = (now - start + DAY_MINUTES) % DAY_MINUTES;
  if (since >= length) return undefined;
  // By minutes, not by a wall clock: where the night is an hour longer or shorter, the end is looked at once more.
  const whole = Math.floor(at.getTime() / MINUTE_MS) * MINUTE_MS;
  return new Date(whole + (length - since) * MINUTE_MS);
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

function toMinutes(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

function minuteOfDay(at: Date, timeZone: string): number {
  const text = at.toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
  return toMinutes(text);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

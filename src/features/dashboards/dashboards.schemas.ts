import { Type } from 'typebox';
import { EVENT_TYPES } from '../../events/event.ts';

const Instant = Type.String({ format: 'date-time' });
const Share = (description: string) => Type.Union([Type.Number(), Type.Null()], { description });
const Null = Type.Null();
const CompleteThrough = Type.Union([Instant, Null], {
  description: 'every event acknowledged before it is in these numbers; null before anything was read',
});

const counts = {
  views: Type.Integer(),
  true_views: Type.Integer(),
  clicks: Type.Integer(),
  ctr: Share('clicks / views; null at 0 views'),
};
const figures = {
  ...counts,
  unique_viewers: Type.Integer(),
  unique_clickers: Type.Integer(),
  estimates: Type.Optional(
    Type.Record(Type.String(), Type.Object({ error: Type.Number() }), {
      description: 'the relative error of each figure that is an estimate; absent where all are exact',
    }),
  ),
};

const TrafficName = Type.Enum(['valid', 'all', 'invalid']);

export const Stats = Type.Object({
  campaign_id: Type.Integer(),
  from: Instant,
  to: Instant,
  interval: Type.Enum(['minute', 'hour', 'day']),
  tz: Type.String(),
  traffic: TrafficName,
  as_of: Instant,
  complete_through: CompleteThrough,
  exactness: Type.String(),
  notes: Type.Array(Type.String()),
  totals: Type.Object(figures),
  series: Type.Array(
    Type.Object({
      start: Type.String({ format: 'date-time', description: 'with the offset of the zone' }),
      complete: Type.Boolean(),
      final: Type.Boolean(),
      ...figures,
    }),
  ),
});

export const Leaderboard = Type.Array(
  Type.Object({
    campaign_id: Type.Integer(),
    title: Type.String(),
    ...counts,
    unique_viewers: Type.Integer(),
    unique_clickers: Type.Integer(),
    invalid: Type.Integer({ description: 'invalid events of any type; the other counts are of valid ones' }),
    invalid_share: Share('invalid events / all events; null where there is none'),
  }),
  { description: 'At most 100, most valid views first, over the quarter hours that begin in the range.' },
);

export const Live = Type.Object({
  totals: Type.Object(counts, { description: 'valid traffic since the start' }),
  as_of: Instant,
  complete_through: CompleteThrough,
});

export const RawRow = Type.Object({
  event_id: Type.String({ format: 'uuid' }),
  type: Type.Enum(Object.keys(EVENT_TYPES) as (keyof typeof EVENT_TYPES)[]),
  occurred_at: Instant,
  received_at: Instant,
  verdict: Type.Enum(['valid', 'invalid']),
  rule: Type.Union([Type.String(), Null]),
  rule_version: Type.Union([Type.Integer(), Null]),
  flags: Type.Array(Type.String()),
  actor: Type.Optional(Type.String({ description: 'for an admin' })),
  network: Type.Optional(Type.Union([Type.String(), Null], { description: 'for an admin' })),
  address: Type.Optional(Type.Union([Type.String(), Null], { description: 'for an admin' })),
});

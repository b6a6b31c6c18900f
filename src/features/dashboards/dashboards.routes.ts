import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { Db } from '../../db/pool.ts';
import { EVENT_TYPES } from '../../events/event.ts';
import { hasRole, requireOwner, requireViewer, STAFF } from '../../http/policy.ts';
import type { Clock } from '../../kit/clock.ts';
import { type FieldError, invalid } from '../../kit/errors.ts';
import { createAddressReader } from '../../pipeline/ingest/index.ts';
import type { RawFilter, RawStore } from '../../ports/raw-store.ts';
import { getCampaign } from '../campaigns/index.ts';
import { parseInstant } from '../collecting/index.ts';
import { Leaderboard, Live, RawRow, Stats } from './dashboards.schemas.ts';
import type { LiveListener, LiveTotals } from './live.ts';
import { streamExport, toRawRows } from './raw-export.ts';
import { rankCampaigns } from './stats.queries.ts';
import { readStats, toFigures, unknownZone } from './stats.service.ts';
import { createZone, type Zone } from './time-buckets.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const HEARTBEAT_MS = 15_000;
const VISITORS_BY_DAY =
  'A visitor without a first-party cookie is a new one each day; none is given one here.';
const VISITORS_BY_COOKIE =
  'A visitor with a first-party cookie is one over days, since cookies were turned on. One that may not get it (DNT, Sec-GPC, another site) is a new one each day; one that does not keep it is a new one each time.';

const Id = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 }) });
const TrafficName = Type.Union([Type.Literal('valid'), Type.Literal('all'), Type.Literal('invalid')], {
  default: 'valid',
});
const RangeQuery = {
  from: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, inclusive, a whole minute' })),
  to: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339, exclusive, a whole minute' })),
};
const StatsQuery = Type.Object(
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
const RawQuery = Type.Object(
  {
    ...RangeQuery,
    type: Type.Optional(Type.Union(Object.keys(EVENT_TYPES).map((name) => Type.Literal(name)))),
    traffic: Type.Union([Type.Literal('valid'), Type.Literal('all'), Type.Literal('invalid')], {
      default: 'all',
    }),
    event_id: Type.Optional(Type.String({ pattern: '^[0-9a-fA-F-]{36}$' })),
    after: Type.Optional(Type.String({ maxLength: 80, description: 'cursor out of the Link header' })),
    limit: Type.Integer({ minimum: 1, maximum: 200, default: 50 }),
    format: Type.Union([Type.Literal('json'), Type.Literal('csv'), Type.Literal('ndjson')], {
      default: 'json',
    }),
  },
  { additionalProperties: false },
);

export interface DashboardDeps {
  readonly db: Db;
  /** Reads one answer where numbers are read; `raw` is of the same database. */
  readonly readNumbers: <T>(work: (db: Db, raw: Pick<RawStore, 'listActors'>) => Promise<T>) => Promise<T>;
  readonly raw: RawStore;
  readonly live: LiveTotals;
  readonly secrets: DaySecrets;
  /** Whether anonymous visitors get a first-party id. */
  readonly visitorCookie: boolean;
  readonly clock: Clock;
}

export function registerDashboardRoutes(app: FastifyInstance, deps: DashboardDeps): void {
  const tags = ['Numbers'];
  app.get(
    '/api/campaigns/stats',
    {
      schema: {
        summary: 'Campaigns compared',
        tags,
        querystring: Type.Object(RangeQuery, { additionalProperties: false }),
        response: { 200: Leaderboard },
      },
      config: { policy: ['advertiser', 'marketer', 'admin'] },
    },
    (request) => getLeaderboard(request, deps),
  );
  app.get(
    '/api/campaigns/:id/stats',
    {
      schema: {
        summary: 'Numbers of one campaign',
        tags,
        params: Id,
        querystring: StatsQuery,
        response: { 200: Stats },
      },
      config: { policy: 'owner-or-staff' },
    },
    (request) => getStats(request, deps),
  );
  app.get(
    '/api/campaigns/:id/live',
    {
      schema: {
        summary: 'Counters as they move',
        tags,
        params: Id,
        response: {
          200: {
            description: 'Server-sent events; the data of each is this object.',
            content: { 'text/event-stream': { schema: Live } },
          },
        },
      },
      config: { policy: 'owner-or-staff' },
    },
    (request, reply) => getLive(request, reply, deps),
  );
  app.get(
    '/api/campaigns/:id/events',
    {
      schema: {
        summary: 'Raw events of one campaign',
        tags,
        params: Id,
        querystring: RawQuery,
        response: {
          200: {
            description: 'Newest first. The Link header leads on; csv and ndjson stream everything.',
            content: {
              'application/json': { schema: Type.Array(RawRow) },
              'text/csv': { schema: Type.String() },
              'application/x-ndjson': { schema: Type.String() },
            },
          },
        },
      },
      config: { policy: 'owner-or-admin' },
    },
    (request, reply) => getEvents(request, reply, deps),
  );
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
function readRange(query: { from?: string; to?: string }, now: number): { from: Date; to: Date } {
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

async function getStats(request: FastifyRequest, deps: DashboardDeps) {
  const { id } = request.params as Static<typeof Id>;
  const query = request.query as Static<typeof StatsQuery>;
  const campaign = await getCampaign(deps.db, id);
  requireOwner(request.viewer, campaign.owner_id, STAFF);
  const zone = findZone(query.tz);
  const range = readRange(query, deps.clock.now());
  const { interval, traffic } = query;
  const asked = { subject: { kind: 'campaign', id }, ...range, interval, zone, traffic } as const;
  const answer = await deps.readNumbers((db, raw) => readStats(db, raw, asked));
  const head = {
    campaign_id: id,
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

async function getLeaderboard(request: FastifyRequest, deps: DashboardDeps) {
  requireViewer(request.viewer);
  const range = readRange(request.query as { from?: string; to?: string }, deps.clock.now());
  const ownerId = hasRole(request.viewer, STAFF) ? undefined : request.viewer.memberId;
  const rows = await deps.readNumbers((db) => rankCampaigns(db, ownerId, range.from, range.to, 100));
  return rows.map((row) => {
    const seen = row.views + row.true_views + row.clicks;
    const all = seen + row.invalid;
    return {
      ...row,
      ctr: row.views === 0 ? null : row.clicks / row.views,
      invalid_share: all === 0 ? null : row.invalid / all,
    };
  });
}

async function getLive(request: FastifyRequest, reply: FastifyReply, deps: DashboardDeps) {
  const { id } = request.params as Static<typeof Id>;
  requireOwner(request.viewer, (await getCampaign(deps.db, id)).owner_id, STAFF);
  reply.hijack();
  const { raw: response } = reply;
  // Whoever hung up meanwhile closes no more: the heartbeat would beat for ever.
  if (response.destroyed) return;
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  let last = '';
  const show: LiveListener = (rows, instants) => {
    // A reader that is slower than the counters misses steps, never memory: the next message says it all.
    if (response.writableLength > 64 * 1024) return;
    const valid = rows.find((row) => row.traffic === 0);
    const { unique_viewers: _viewers, unique_clickers: _clickers, ...totals } = toFigures(valid, undefined);
    const text = JSON.stringify({
      totals,
      as_of: instants.as_of,
      complete_through: instants.complete_through,
    });
    if (text === last) return;
    last = text;
    response.write(`data: ${text}\n\n`);
  };
  // A server that stops would wait for the end of this answer; a browser asks again, another instance perhaps.
  const stopWatching = deps.live.watch(id, show, () => response.end());
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
  response.on('close', () => {
    clearInterval(heartbeat);
    stopWatching();
  });
}

async function getEvents(request: FastifyRequest, reply: FastifyReply, deps: DashboardDeps) {
  const { id } = request.params as Static<typeof Id>;
  const query = request.query as Static<typeof RawQuery>;
  requireOwner(request.viewer, (await getCampaign(deps.db, id)).owner_id, ['admin']);
  const readAddresses = hasRole(request.viewer, ['admin']) ? createAddressReader(deps.secrets) : undefined;
  const range =
    query.from || query.to ? readRange(query, deps.clock.now()) : { from: undefined, to: undefined };
  const filter: RawFilter = {
    subject: { kind: 'campaign', id },
    ...range,
    type: query.type as RawFilter['type'],
    traffic: query.traffic,
    eventId: query.event_id,
    after: readCursor(query.after),
  };
  if (query.format !== 'json') {
    reply.header('content-disposition', `attachment; filename="campaign-${id}.${query.format}"`);
    reply.type(query.format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson');
    return reply.send(streamExport(deps.raw, filter, query.format, readAddresses));
  }
  const events = await deps.raw.listEvents(filter, query.limit);
  const last = events.at(-1);
  if (last && events.length === query.limit) {
    const params = new URLSearchParams(request.query as Record<string, string>);
    params.set('after', `${last.occurred_at.getTime()}_${last.event_id}`);
    reply.header('link', `</api/campaigns/${id}/events?${params}>; rel="next"`);
  }
  return toRawRows(events, readAddresses);
}

function readCursor(text: string | undefined): RawFilter['after'] {
  if (text === undefined) return undefined;
  const match = /^(\d{1,15})_([0-9a-f-]{36})$/.exec(text);
  if (!match) throw invalid([{ path: 'after', message: 'must be a cursor out of the Link header' }]);
  return { occurredAt: new Date(Number(match[1])), eventId: match[2]! };
}

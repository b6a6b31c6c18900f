import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import type { DaySecrets } from '../../db/day-secrets.ts';
import type { Db } from '../../db/pool.ts';
import { EVENT_TYPES } from '../../events/event.ts';
import { openEventStream } from '../../http/event-stream.ts';
import { hasRole, requireOwner, requireViewer, STAFF } from '../../http/policy.ts';
import { invalid } from '../../kit/errors.ts';
import { createAddressReader } from '../../pipeline/ingest/index.ts';
import type { RawFilter, RawStore } from '../../ports/raw-store.ts';
import { getCampaign } from '../campaigns/index.ts';
import { Leaderboard, Live, RawRow, Stats } from './dashboards.schemas.ts';
import type { LiveListener, LiveTotals } from './live.ts';
import { streamExport, toRawRows } from './raw-export.ts';
import { rankCampaigns } from './stats.queries.ts';
import { toFigures } from './stats.service.ts';
import { answerStats, RangeQuery, readRange, type StatsDeps, StatsQuery } from './stats-answer.ts';

const Id = Type.Object({ id: Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 }) });
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

export interface DashboardDeps extends StatsDeps {
  readonly db: Db;
  readonly raw: RawStore;
  readonly live: LiveTotals;
  readonly secrets: DaySecrets;
  /** Whether the request's credentials still hold. */
  readonly isSignedIn: (request: FastifyRequest) => boolean;
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

async function getStats(request: FastifyRequest, deps: DashboardDeps) {
  const { id } = request.params as Static<typeof Id>;
  requireOwner(request.viewer, (await getCampaign(deps.db, id)).owner_id, STAFF);
  const query = request.query as Static<typeof StatsQuery>;
  return { campaign_id: id, ...(await answerStats({ kind: 'campaign', id }, query, deps)) };
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
  const response = openEventStream(reply, () => deps.isSignedIn(request));
  if (!response) return;
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
  response.on('close', stopWatching);
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

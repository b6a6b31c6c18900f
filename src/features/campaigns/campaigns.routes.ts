import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { asJson } from '../../http/json-text.ts';
import { hasRole, requireOwner, requireViewer, STAFF } from '../../http/policy.ts';
import type { Clock } from '../../kit/clock.ts';
import type { EventInput } from '../../pipeline/ingest/index.ts';
import type { RawStore } from '../../ports/raw-store.ts';
import { type AcceptDeps, acceptEvents, readEventId, requireAccepted } from '../collecting/index.ts';
import { type CampaignCache, isLive } from './campaign-cache.ts';
import { type CampaignRow, listCampaigns } from './campaigns.queries.ts';
import {
  Campaign,
  CampaignBody,
  CampaignId,
  CampaignListQuery,
  CampaignPatchBody,
  ViewQuery,
} from './campaigns.schemas.ts';
import {
  createCampaign,
  getCampaign,
  patchCampaign,
  removeCampaign,
  toCampaign,
  unknownCampaign,
} from './campaigns.service.ts';

const PAGE = 10;
const DAY_MS = 86_400_000;

export interface CampaignDeps extends AcceptDeps {
  readonly db: Db;
  readonly raw: RawStore;
  readonly cache: CampaignCache;
  readonly clock: Clock;
}

export function registerCampaignRoutes(app: FastifyInstance, deps: CampaignDeps): void {
  const { db, cache } = deps;
  const tags = ['Campaigns'];

  app.get(
    '/api/campaigns',
    {
      schema: { tags, querystring: CampaignListQuery, response: { 200: Type.Array(Campaign) } },
      config: { policy: 'anyone' },
    },
    (request, reply) => getList(request, reply, deps),
  );
  app.post(
    '/api/campaigns',
    {
      schema: { tags, body: CampaignBody, response: { 201: Campaign } },
      config: { policy: ['advertiser', 'admin'] },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      reply.code(201);
      return toCampaign(await createCampaign(db, request.viewer.memberId, request.body as CampaignBody));
    },
  );
  app.get('/api/campaigns/history', { schema: { tags }, config: { policy: STAFF } }, () =>
    deps.raw.countMemberClickers(new Date(deps.clock.now() - DAY_MS)),
  );
  app.patch(
    '/api/campaigns/:id',
    {
      schema: { tags, params: CampaignId, body: CampaignPatchBody, response: { 200: Campaign } },
      config: { policy: 'owner-or-admin' },
    },
    async (request) => {
      const row = await getOwn(db, request);
      return toCampaign(await patchCampaign(db, cache, row, request.body as CampaignPatchBody));
    },
  );
  app.delete(
    '/api/campaigns/:id',
    {
      schema: { tags, params: CampaignId, response: { 204: Type.Null() } },
      config: { policy: 'owner-or-admin' },
    },
    async (request, reply) => {
      const row = await getOwn(db, request);
      await removeCampaign(db, cache, row.id);
      return reply.code(204).send();
    },
  );
  app.get(
    '/api/campaigns/:id',
    {
      schema: { tags, params: CampaignId, querystring: ViewQuery },
      config: { policy: 'anyone', shed: 'last' },
    },
    (request, reply) => view(request, reply, deps),
  );
  app.post(
    '/api/campaigns/:id',
    {
      schema: {
        tags,
        params: CampaignId,
        querystring: Type.Object({ event_id: Type.Optional(Type.String()) }, { additionalProperties: false }),
      },
      config: { policy: 'anyone', csrf: 'origin', shed: 'last' },
    },
    (request, reply) => click(request, reply, deps),
  );
}

async function getOwn(db: Db, request: FastifyRequest): Promise<CampaignRow> {
  const row = await getCampaign(db, (request.params as { id: number }).id);
  requireOwner(request.viewer, row.owner_id, ['admin']);
  return row;
}

// A row is read anew each 400 ms at most, and asked for thousands of times in between.
const bodies = new WeakMap<CampaignRow, string>();

async function view(request: FastifyRequest, reply: FastifyReply, deps: CampaignDeps) {
  const { id } = request.params as { id: number };
  const found = deps.cache.get(id);
  const row = found instanceof Promise ? await found : found;
  if (!isLive(row, deps.clock.now())) throw unknownCampaign(id);
  const { is_true_view: isTrueView } = request.query as { is_true_view?: boolean };
  const input: EventInput = {
    type: isTrueView ? 'true_view' : 'view',
    subject: { kind: 'campaign', id },
    eventId: readEventId(request),
  };
  requireAccepted(await acceptEvents(request, reply, 'api', [input], deps));
  let body = bodies.get(row);
  if (body === undefined) {
    body = JSON.stringify(toCampaign(row));
    bodies.set(row, body);
  }
  return asJson(reply.header('cache-control', 'no-store'), body);
}

async function click(request: FastifyRequest, reply: FastifyReply, deps: CampaignDeps) {
  const { id } = request.params as { id: number };
  const input: EventInput = {
    type: 'click',
    subject: { kind: 'campaign', id },
    eventId: readEventId(request),
  };
  requireAccepted(await acceptEvents(request, reply, 'api', [input], deps));
  return { detail: 'Clicked' };
}

async function getList(request: FastifyRequest, reply: FastifyReply, deps: CampaignDeps) {
  const query = request.query as CampaignListQuery;
  const staff = hasRole(request.viewer, STAFF);
  if (query.owner === 'me') requireViewer(request.viewer);
  const ownerId =
    query.owner === 'me'
      ? request.viewer?.memberId
      : query.owner === undefined
        ? undefined
        : Number(query.owner);
  const seesAll = staff || query.owner === 'me';
  const rows = await listCampaigns(deps.db, {
    liveAt: seesAll ? undefined : new Date(deps.clock.now()),
    text: query.q,
    ownerId,
    before: query.last_id,
    after: query.last_id === undefined ? query.first_id : undefined,
    limit: PAGE,
  });
  if (query.last_id === undefined && query.first_id !== undefined) rows.reverse();
  addLinks(request, reply, rows);
  return rows.map(toCampaign);
}

/** RFC 8288. */
function addLinks(request: FastifyRequest, reply: FastifyReply, rows: readonly CampaignRow[]): void {
  const [first, last] = [rows[0], rows.at(-1)];
  if (!first || !last) return;
  const link = (name: string, id: number, rel: string) => {
    const params = new URLSearchParams(request.query as Record<string, string>);
    params.delete('first_id');
    params.delete('last_id');
    params.set(name, String(id));
    return `</api/campaigns?${params}>; rel="${rel}"`;
  };
  const links = [link('first_id', first.id, 'prev')];
  if (rows.length === PAGE) links.unshift(link('last_id', last.id, 'next'));
  reply.header('link', links.join(', '));
}

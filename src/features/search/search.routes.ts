import type { FastifyInstance, FastifyRequest } from 'fastify';
import { toPage } from '../../http/paging.ts';
import { STAFF } from '../../http/policy.ts';
import { createRateLimit } from '../../http/rate-limit.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError, type FieldError, invalid } from '../../kit/errors.ts';
import { MOST_RANKED } from '../../ports/search-index.ts';
import { readRolesOf } from '../boards/index.ts';
import { parseInstant } from '../collecting/index.ts';
import { listMisses, listReadableBoards } from './search.queries.ts';
import { Misses, MissesQuery, SearchPage, SearchQuery } from './search.schemas.ts';
import { findPostsByText, noteMissed, type SearchDeps } from './search.service.ts';

const PAGE = 20;
const MISSES = 100;
const SEARCHES_A_MINUTE = 120;

export interface SearchRouteDeps extends SearchDeps {
  readonly clock: Clock;
  readonly rateLimits: boolean;
}

export function registerSearchRoutes(app: FastifyInstance, deps: SearchRouteDeps): void {
  const { db, clock, rateLimits } = deps;
  const tags = ['Search'];
  const limit = createRateLimit({
    limit: SEARCHES_A_MINUTE,
    windowMs: 60_000,
    clock,
    enabled: rateLimits,
  });
  app.get(
    '/api/search',
    {
      schema: { tags, querystring: SearchQuery, response: { 200: SearchPage } },
      config: { policy: 'anyone' },
    },
    async (request) => {
      limit.take(request.viewer ? `member ${request.viewer.memberId}` : request.ip);
      return answer(request, deps);
    },
  );
  app.get(
    '/api/search/zero-hits',
    { schema: { tags, querystring: MissesQuery, response: { 200: Misses } }, config: { policy: STAFF } },
    async (request) => {
      const { days = 30 } = request.query as { days?: number };
      return listMisses(db, days, MISSES);
    },
  );
}

async function answer(request: FastifyRequest, deps: SearchRouteDeps) {
  const query = request.query as SearchQuery;
  const { from, to } = parseRange(query);
  const slice = toSlice(query);
  const { viewer } = request;
  const readable = await listReadableBoards(deps.db, readRolesOf(viewer), viewer?.memberId);
  const boardIds = query.board === undefined ? readable : readable.filter((id) => id === query.board);
  // What is published while somebody turns the pages shall not move them.
  const until = to ?? (slice.page === 1 ? new Date(deps.clock.now()) : undefined);
  const { page, limit, offset } = slice;
  const found = await findPostsByText(deps, {
    text: query.q,
    boardIds,
    authorId: query.author,
    from,
    to,
    limit,
    offset,
  });
  const filtered = [query.board, query.author, query.from, query.to].some((one) => one !== undefined);
  if (found.total === 0 && page === 1 && !filtered) await noteMissed(deps, query.q);
  const listed = toPage(request.url, slice, found.total, found.posts);
  return {
    ...listed,
    next: listed.next && until && withInstant(listed.next, until),
    interpreted_as: found.interpretedAs ?? null,
    did_you_mean: found.didYouMean ?? null,
  };
}

function withInstant(path: string, to: Date): string {
  const url = new URL(path, 'http://localhost');
  url.searchParams.set('to', to.toISOString());
  return `${url.pathname}${url.search}`;
}

function toSlice({ page = 1, page_size: limit = PAGE }: SearchQuery) {
  const offset = (page - 1) * limit;
  if (offset + limit > MOST_RANKED)
    throw new AppError(
      'page_not_found',
      `Search ranks the best ${MOST_RANKED} posts; this page lies behind them. Ask for something narrower.`,
    );
  return { page, limit, offset };
}

function parseRange(query: SearchQuery): { from: Date | undefined; to: Date | undefined } {
  const errors: FieldError[] = [];
  const instant = (path: 'from' | 'to') => {
    const parsed = parseInstant(query[path]);
    if (typeof parsed === 'string') errors.push({ path, message: parsed });
    else if (parsed.value !== undefined) return new Date(parsed.value);
    return undefined;
  };
  const range = { from: instant('from'), to: instant('to') };
  if (range.from && range.to && range.from >= range.to)
    errors.push({ path: 'to', message: 'must be later than from' });
  if (errors.length > 0) throw invalid(errors);
  return range;
}

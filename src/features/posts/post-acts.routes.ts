import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Viewer } from '../../http/authenticate.ts';
import { requireViewer } from '../../http/policy.ts';
import { toEtag } from '../../http/preconditions.ts';
import { AppError } from '../../kit/errors.ts';
import { canModerate } from '../boards/index.ts';
import { seesWhole, toPost } from './post-cache.ts';
import { getRevision, HISTORY_PAGE, listHistory } from './post-history.ts';
import type { PostRow } from './posts.queries.ts';
import { type App, tags, withTypes } from './posts.routes.ts';
import {
  Post,
  PostParams,
  RevisionList,
  RevisionListQuery,
  RevisionParams,
  RevisionWithDiff,
} from './posts.schemas.ts';
import { bringBack, getKnownPost, type Posts, setPinned } from './posts.service.ts';

/** What is done with a post beside reading and writing it. */
export function registerPostActRoutes(parent: FastifyInstance, deps: Posts): void {
  const app = withTypes(parent);
  registerActs(app, deps);
  registerHistory(app, deps);
}

function registerActs(app: App, deps: Posts): void {
  app.post(
    '/api/boards/:b/posts/:p/restore',
    {
      schema: {
        summary: 'Restore a deleted post',
        tags,
        params: PostParams,
        response: { 200: Post },
      },
      config: { policy: 'signed-in' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      return send(request, reply, await bringBack(deps, request.params, request.viewer));
    },
  );
  for (const method of ['PUT', 'DELETE'] as const)
    app.route({
      method,
      url: '/api/boards/:b/posts/:p/pin',
      schema: {
        summary: method === 'PUT' ? 'Pin a post: first on the first page' : 'Pin it no longer',
        tags,
        params: PostParams,
        response: { 200: Post },
      },
      config: { policy: 'signed-in' },
      handler: async (request, reply) => {
        requireViewer(request.viewer);
        return send(request, reply, await setPinned(deps, request.params, request.viewer, method === 'PUT'));
      },
    });
}

function send(request: FastifyRequest, reply: FastifyReply, row: PostRow) {
  reply.header('etag', toEtag(row.version));
  return toPost(row, seesWhole(row, request.viewer));
}

function registerHistory(app: App, deps: Posts): void {
  app.get(
    '/api/boards/:b/posts/:p/history',
    {
      schema: {
        summary: 'Versions of its text, newest first; for its author and who moderates',
        tags,
        params: PostParams,
        querystring: RevisionListQuery,
        response: { 200: RevisionList },
      },
      config: { policy: 'signed-in' },
    },
    async (request, reply) => {
      const { row, drafts } = await getOwnHistory(request.params, request.viewer, deps);
      const found = await listHistory(deps.db, row.id, drafts, request.query.last_id);
      const oldest = found.at(-1);
      if (oldest && found.length === HISTORY_PAGE)
        reply.header('link', `<${request.url.split('?', 1)[0]}?last_id=${oldest.version}>; rel="next"`);
      return found;
    },
  );
  app.get(
    '/api/boards/:b/posts/:p/history/:version',
    {
      schema: {
        summary: 'One version, and what it changed',
        tags,
        params: RevisionParams,
        response: { 200: RevisionWithDiff },
      },
      config: { policy: 'signed-in' },
    },
    async (request) => {
      const { row, drafts } = await getOwnHistory(request.params, request.viewer, deps);
      return getRevision(deps.db, row.id, drafts, request.params.version);
    },
  );
}

/** What was taken out of a post was taken out for everybody else. Drafts stay the author's. */
async function getOwnHistory(
  params: PostParams,
  viewer: Viewer | undefined,
  deps: Posts,
): Promise<{ row: PostRow; drafts: boolean }> {
  requireViewer(viewer);
  const { board, row } = await getKnownPost(deps, params, viewer);
  const drafts = row.author_id === viewer.memberId;
  if (!drafts && !canModerate(board, viewer))
    throw new AppError(
      'not_allowed',
      'Only its author and who moderates the board see what a post was before.',
    );
  return { row, drafts };
}

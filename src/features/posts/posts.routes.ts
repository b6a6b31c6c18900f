import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { readIdempotencyKey } from '../../http/idempotency-key.ts';
import { asJson } from '../../http/json-text.ts';
import { requireViewer } from '../../http/policy.ts';
import { isNotModified, readPrecondition, toEtag } from '../../http/preconditions.ts';
import { AppError } from '../../kit/errors.ts';
import { type AcceptDeps, acceptEvents, readEventId, requireAccepted } from '../collecting/index.ts';
import { isPublic, toPost, toPostJson } from './post-cache.ts';
import { type KeywordSearch, listPosts } from './post-pages.ts';
import type { PostRow } from './posts.queries.ts';
import {
  BoardParams,
  ListedPost,
  Post,
  PostBody,
  PostListQuery,
  PostParams,
  PostPatchBody,
  PostViewQuery,
} from './posts.schemas.ts';
import { changePost, createPost, getPost, type Posts, removePost } from './posts.service.ts';

export interface PostDeps extends Posts, AcceptDeps {
  /** Whether an edit must say which version it edits: 428 without. */
  readonly requirePrecondition: boolean;
  /** Answers `keyword`; without it the list refuses that parameter. */
  readonly search: KeywordSearch | undefined;
}

export type App = ReturnType<typeof withTypes>;

export function withTypes(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

export const tags = ['Posts'];
export const POST_BYTES = 128 * 1024;

export function registerPostRoutes(parent: FastifyInstance, deps: PostDeps): void {
  const app = withTypes(parent);
  registerReading(app, deps);
  registerWriting(app, deps);
}

function registerReading(app: App, deps: PostDeps): void {
  app.get(
    '/api/boards/:b/posts',
    {
      schema: {
        summary: 'Posts of a board, newest first',
        tags,
        params: BoardParams,
        querystring: PostListQuery,
        response: { 200: Type.Array(ListedPost) },
      },
      config: { policy: 'anyone' },
    },
    async (request, reply) => {
      const body = await listPosts(request, reply, request.params.b, request.query, deps);
      return asJson(reply, body);
    },
  );
  app.get(
    '/api/boards/:b/posts/:p',
    {
      schema: {
        summary: 'One post; records a view',
        tags,
        params: PostParams,
        querystring: PostViewQuery,
        response: {
          200: Post,
          304: Type.Null({ description: 'If-None-Match names this version: no view.' }),
        },
      },
      config: { policy: 'anyone', shed: 'last' },
    },
    (request, reply) => view(request, reply, request.params, deps),
  );
}

async function view(request: FastifyRequest, reply: FastifyReply, params: PostParams, deps: PostDeps) {
  const post = await getPost(deps, params, request.viewer);
  const { row } = post;
  // Whoever asks again may keep it, nobody in between: the answer is made for this viewer.
  reply.header('etag', toEtag(row.version)).header('cache-control', 'private, no-cache');
  if (isNotModified(request, row.version)) {
    reply.code(304);
    return asJson(reply, '');
  }
  const eventId = readEventId(request);
  if (isPublic(row)) await recordView(request, reply, row.id, eventId, deps);
  else reply.header('weir-view', 'not-counted');
  return asJson(reply, toPostJson(post, request.viewer));
}

/** A log that does not take the view keeps nobody from reading: the answer says what became of it. */
async function recordView(
  request: FastifyRequest,
  reply: FastifyReply,
  id: number,
  eventId: string | undefined,
  deps: AcceptDeps,
): Promise<void> {
  const subject = { kind: 'post', id } as const;
  try {
    requireAccepted(await acceptEvents(request, reply, 'api', [{ type: 'view', subject, eventId }], deps));
  } catch (error) {
    if (error instanceof AppError && error.status < 500) throw error;
    const isUnknown = error instanceof AppError && error.code === 'outcome_unknown';
    reply.header('weir-view', isUnknown ? 'unknown' : 'not-counted');
  }
}

function registerWriting(app: App, deps: PostDeps): void {
  app.post(
    '/api/boards/:b/posts',
    {
      bodyLimit: POST_BYTES,
      schema: {
        summary: 'Write a post, or a draft',
        tags,
        params: BoardParams,
        body: PostBody,
        response: { 201: Post },
      },
      config: { policy: 'signed-in' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const claim = readIdempotencyKey(request);
      const row = await createPost(deps, request.params.b, request.viewer, request.body, claim);
      reply.header('location', `/api/boards/${request.params.b}/posts/${row.id}`);
      return sendOwn(reply.code(201), row);
    },
  );
  app.put(
    '/api/boards/:b/posts/:p',
    {
      bodyLimit: POST_BYTES,
      schema: {
        summary: 'Edit a post, or publish a draft',
        tags,
        params: PostParams,
        body: PostPatchBody,
        response: { 200: Post },
      },
      config: { policy: 'owner-or-admin' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { params, viewer, body } = request;
      const expected = readPrecondition(request, body.version, deps.requirePrecondition);
      return sendOwn(reply, await changePost(deps, params, viewer, body, expected));
    },
  );
  app.delete(
    '/api/boards/:b/posts/:p',
    {
      schema: {
        summary: 'Delete a post; it can be restored for 30 days',
        tags,
        params: PostParams,
        response: { 200: Post },
      },
      config: { policy: 'owner-or-admin' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const expected = readPrecondition(request, undefined, false);
      return sendOwn(reply, await removePost(deps, request.params, request.viewer, expected));
    },
  );
}

/** To its author or an admin. */
function sendOwn(reply: FastifyReply, row: PostRow) {
  reply.header('etag', toEtag(row.version));
  return asJson(reply, JSON.stringify(toPost(row, true)));
}

import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { readIdempotencyKey } from '../../http/idempotency-key.ts';
import { asJson } from '../../http/json-text.ts';
import { toPage, toPageSlice } from '../../http/paging.ts';
import { requireViewer } from '../../http/policy.ts';
import { readPrecondition } from '../../http/preconditions.ts';
import { toComment, toResultsJson } from './comment-pages.ts';
import {
  Comment,
  CommentBody,
  CommentPage,
  CommentParams,
  CommentPatchBody,
  CommentsQuery,
  PostParams,
} from './comments.schemas.ts';
import { type Comments, changeComment, createComment, getPage, removeComment } from './comments.service.ts';

export interface CommentDeps extends Comments {
  /** REQUIRE_PRECONDITION */
  readonly requirePrecondition: boolean;
}

const tags = ['Comments'];
const COMMENTS = '/api/boards/:b/posts/:p/comments';

export function registerCommentRoutes(parent: FastifyInstance, deps: CommentDeps): void {
  const app = parent.withTypeProvider<TypeBoxTypeProvider>();
  parent.get(
    COMMENTS,
    {
      schema: {
        summary: 'Root comments, the oldest first',
        tags,
        params: PostParams,
        querystring: CommentsQuery,
        response: { 200: CommentPage },
      },
      config: { policy: 'anyone' },
    },
    (request, reply) => sendPage(request, reply, deps, undefined),
  );
  parent.get(
    `${COMMENTS}/:c/replies`,
    {
      schema: {
        summary: 'Replies, the oldest first',
        tags,
        params: CommentParams,
        querystring: CommentsQuery,
        response: { 200: CommentPage },
      },
      config: { policy: 'anyone' },
    },
    (request, reply) => sendPage(request, reply, deps, (request.params as CommentParams).c),
  );
  app.post(
    COMMENTS,
    {
      schema: {
        summary: 'Comment, or reply',
        tags,
        params: PostParams,
        body: CommentBody,
        response: { 201: Comment },
      },
      config: { policy: 'signed-in' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { params, viewer, body } = request;
      const row = await createComment(deps, params, viewer, body, readIdempotencyKey(request));
      return reply.code(201).send(toComment(row, viewer));
    },
  );
  app.put(
    `${COMMENTS}/:c`,
    {
      schema: {
        summary: 'Edit an own comment',
        tags,
        params: CommentParams,
        body: CommentPatchBody,
        response: { 200: Comment },
      },
      config: { policy: 'signed-in' },
    },
    async (request) => {
      requireViewer(request.viewer);
      const { params, viewer, body } = request;
      const expected = readPrecondition(request, body.version, deps.requirePrecondition);
      return toComment(await changeComment(deps, params, viewer, body, expected), viewer);
    },
  );
  app.delete(
    `${COMMENTS}/:c`,
    {
      schema: {
        summary: 'Delete; a root with replies stays as a tombstone',
        tags,
        params: CommentParams,
        response: { 204: Type.Null() },
      },
      config: { policy: 'signed-in' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      await removeComment(deps, request.params, request.viewer);
      return reply.code(204).send(null);
    },
  );
}

/** The results of a page are kept as JSON; only its links are made for each request. */
async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: CommentDeps,
  parentId: number | undefined,
) {
  const slice = toPageSlice(request.query as { page?: number; page_size?: number });
  const { limit, offset } = slice;
  const page = await getPage(deps, request.params as { b: number; p: number }, request.viewer, {
    parentId,
    limit,
    offset,
  });
  const { count, next, previous } = toPage(request.url, slice, page.count, []);
  const head = JSON.stringify({ count, next, previous });
  return asJson(reply, `${head.slice(0, -1)},"results":${toResultsJson(page, request.viewer)}}`);
}

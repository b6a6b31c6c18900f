import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { IdParams, RowId } from '../../http/field-types.ts';
import { KEYSET_LIMIT } from '../../http/paging.ts';
import { memberOf } from '../../http/policy.ts';
import type { BoardCache } from '../boards/index.ts';
import { addBookmark, listBookmarks, removeBookmark } from './bookmarks.queries.ts';
import { getReadable } from './moderation.service.ts';
import { addReaction, countReactions, EMOJI, type Emoji, removeReaction } from './reactions.queries.ts';

const Kind = Type.Enum(['post', 'comment']);
export const SubjectParams = Type.Object({ kind: Kind, id: RowId });
export type SubjectParams = { kind: 'post' | 'comment'; id: number };
const ReactionParams = Type.Object({ kind: Kind, id: RowId, emoji: Type.Enum([...EMOJI]) });
const Reactions = Type.Array(
  Type.Object({ emoji: Type.Enum([...EMOJI]), count: Type.Integer(), mine: Type.Boolean() }),
);
const Bookmark = Type.Object({
  post: Type.Object({ id: Type.Integer(), board_id: Type.Integer(), title: Type.String() }),
  created_at: Type.String({ format: 'date-time' }),
});
const BookmarksQuery = Type.Object({ last_id: Type.Optional(RowId) }, { additionalProperties: false });

interface ReactionDeps {
  readonly db: Db;
  readonly boards: BoardCache;
}

/** What members say without words, and what they keep. */
export function registerReactionRoutes(app: FastifyInstance, deps: ReactionDeps): void {
  const tags = ['Reactions'];
  app.get(
    '/api/reactions/:kind/:id',
    {
      config: { policy: 'anyone' },
      schema: {
        summary: 'Reactions, the most frequent first',
        tags,
        params: SubjectParams,
        response: { 200: Reactions },
      },
    },
    async (request) => {
      const { kind, id } = request.params as SubjectParams;
      await getReadable(deps, { kind, id }, request.viewer);
      return countReactions(deps.db, kind, id, request.viewer?.memberId);
    },
  );
  for (const method of ['PUT', 'DELETE'] as const)
    app.route({
      method,
      url: '/api/reactions/:kind/:id/:emoji',
      config: { policy: 'signed-in' },
      schema: {
        summary: method === 'PUT' ? 'React' : 'Take a reaction back',
        tags,
        params: ReactionParams,
        response: { 200: Reactions },
      },
      handler: async (request) => {
        const { kind, id, emoji } = request.params as SubjectParams & { emoji: Emoji };
        const memberId = memberOf(request);
        await getReadable(deps, { kind, id }, request.viewer);
        await (method === 'PUT' ? addReaction : removeReaction)(deps.db, kind, id, memberId, emoji);
        return countReactions(deps.db, kind, id, memberId);
      },
    });
  registerBookmarks(app, deps);
}

function registerBookmarks(app: FastifyInstance, deps: ReactionDeps): void {
  const { db } = deps;
  const tags = ['Bookmarks'];
  const config = { policy: 'signed-in' } as const;
  app.get(
    '/api/bookmarks',
    {
      config,
      schema: {
        summary: 'Own bookmarks, newest first',
        tags,
        querystring: BookmarksQuery,
        response: { 200: Type.Array(Bookmark) },
      },
    },
    async (request, reply) => {
      const { last_id } = request.query as Static<typeof BookmarksQuery>;
      const rows = await listBookmarks(db, memberOf(request), last_id, KEYSET_LIMIT);
      const last = rows.at(-1);
      if (last && rows.length === KEYSET_LIMIT)
        reply.header('link', `</api/bookmarks?last_id=${last.id}>; rel="next"`);
      return rows.map((row) => ({
        post: { id: row.post_id, board_id: row.board_id, title: row.title },
        created_at: row.created_at.toISOString(),
      }));
    },
  );
  app.put(
    '/api/bookmarks/:id',
    { config, schema: { summary: 'Keep a post', tags, params: IdParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { id } = request.params as { id: number };
      await getReadable(deps, { kind: 'post', id }, request.viewer);
      await addBookmark(db, memberOf(request), id);
      return reply.code(204).send(null);
    },
  );
  app.delete(
    '/api/bookmarks/:id',
    {
      config,
      schema: { summary: 'Keep it no longer', tags, params: IdParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await removeBookmark(db, memberOf(request), (request.params as { id: number }).id);
      return reply.code(204).send(null);
    },
  );
}

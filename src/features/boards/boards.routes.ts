import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { readIdempotencyKey } from '../../http/idempotency-key.ts';
import { asJson } from '../../http/json-text.ts';
import { requireRole, requireViewer } from '../../http/policy.ts';
import { AppError } from '../../kit/errors.ts';
import type { ReadCache } from '../../kit/read-cache.ts';
import type { BoardListPage } from './board-list.ts';
import { toListKey } from './board-list.ts';
import { addModerator, type BoardRow, removeModerator } from './boards.queries.ts';
import {
  Board,
  BoardBody,
  BoardListQuery,
  BoardParams,
  BoardPatchBody,
  MadeBoard,
  ModeratorParams,
  Moderators,
} from './boards.schemas.ts';
import {
  type BoardCache,
  createBoard,
  patchBoard,
  removeBoard,
  requireModerator,
  requireReadable,
  toBoard,
} from './boards.service.ts';

export interface BoardDeps {
  readonly db: Db;
  readonly boards: BoardCache;
  readonly boardList: ReadCache<string, BoardListPage, string>;
  /** BOARDS_CREATED_BY: whether members make boards, or admins alone. */
  readonly boardsCreatedBy: 'member' | 'admin';
}

type App = ReturnType<typeof withTypes>;

function withTypes(app: FastifyInstance) {
  return app.withTypeProvider<TypeBoxTypeProvider>();
}

const tags = ['Boards'];

export function registerBoardRoutes(parent: FastifyInstance, deps: BoardDeps): void {
  const app = withTypes(parent);
  registerReading(app, deps);
  registerWriting(app, deps);
  registerModerators(app, deps);
}

function registerReading(app: App, { boards, boardList }: BoardDeps): void {
  app.get(
    '/api/boards',
    {
      schema: {
        summary: 'Boards that you may read, by position',
        tags,
        querystring: BoardListQuery,
        response: { 200: Type.Array(Board) },
      },
      config: { policy: 'anyone' },
    },
    async (request, reply) => {
      const page = await boardList.get(toListKey(request.viewer, request.query.last_id));
      return sendList(reply, page ?? { body: '[]', nextId: undefined });
    },
  );
  app.get(
    '/api/boards/:b',
    {
      schema: { summary: 'One board', tags, params: BoardParams, response: { 200: Board } },
      config: { policy: 'anyone' },
    },
    async (request) => toBoard(await getReadable(boards, request)),
  );
}

function sendList(reply: FastifyReply, page: BoardListPage) {
  if (page.nextId !== undefined) reply.header('link', `</api/boards?last_id=${page.nextId}>; rel="next"`);
  return asJson(reply, page.body);
}

function registerWriting(app: App, deps: BoardDeps): void {
  const { db, boards, boardList } = deps;
  app.post(
    '/api/boards',
    {
      schema: {
        summary: 'Make a board and moderate it',
        tags,
        body: BoardBody,
        response: { 201: MadeBoard },
      },
      config: { policy: 'signed-in' },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      if (deps.boardsCreatedBy === 'admin') requireRole(request.viewer, ['admin']);
      const made = await createBoard(db, request.viewer.memberId, request.body, readIdempotencyKey(request));
      boards.forget(made.id);
      boardList.forget('');
      return reply.code(201).send(made);
    },
  );
  app.patch(
    '/api/boards/:b',
    {
      schema: {
        summary: 'Change a board',
        tags,
        params: BoardParams,
        body: BoardPatchBody,
        response: { 200: Board },
      },
      config: { policy: ['admin'] },
    },
    async (request) => {
      const row = await patchBoard(db, boards, request.params.b, request.body);
      boardList.forget('');
      return toBoard(row);
    },
  );
  app.delete(
    '/api/boards/:b',
    {
      schema: {
        summary: 'Delete a board; its posts vanish with it',
        tags,
        params: BoardParams,
        response: { 204: Type.Null() },
      },
      config: { policy: ['admin'] },
    },
    async (request, reply) => {
      await removeBoard(db, boards, request.params.b);
      boardList.forget('');
      return reply.code(204).send(null);
    },
  );
}

function registerModerators(app: App, { db, boards, boardList }: BoardDeps): void {
  app.get(
    '/api/boards/:b/moderators',
    {
      schema: { summary: 'Ids of its moderators', tags, params: BoardParams, response: { 200: Moderators } },
      config: { policy: 'signed-in' },
    },
    async (request) => {
      const board = await getReadable(boards, request);
      requireModerator(board, request.viewer);
      return { moderators: [...board.moderators] };
    },
  );
  for (const method of ['PUT', 'DELETE'] as const)
    app.route({
      method,
      url: '/api/boards/:b/moderators/:m',
      schema: {
        summary: method === 'PUT' ? 'Name a moderator' : 'Name one no longer',
        tags,
        params: ModeratorParams,
        response: { 200: Moderators },
      },
      config: { policy: ['admin'] },
      handler: async (request) => {
        const { b, m } = request.params;
        await getReadable(boards, request);
        const change = method === 'PUT' ? addModerator : removeModerator;
        if (!(await change(db, b, m))) throw new AppError('not_found', `There is no such member ${m} here.`);
        boards.forget(b);
        boardList.forget('');
        return { moderators: [...((await boards.get(b))?.moderators ?? [])] };
      },
    });
}

async function getReadable(boards: BoardCache, request: FastifyRequest): Promise<BoardRow> {
  const { b } = request.params as { b: number };
  const board = await boards.get(b);
  requireReadable(b, board, request.viewer);
  return board;
}

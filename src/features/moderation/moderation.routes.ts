import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Detail, IdParams, plainText } from '../../http/field-types.ts';
import { requireViewer } from '../../http/policy.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import { appendAudit } from '../audit/index.ts';
import { parseInstant } from '../collecting/index.ts';
import { deleteFilteredWord, listFilteredWords, saveFilteredWord } from './filtered-words.queries.ts';
import {
  type Act,
  audit,
  ban,
  decide,
  getReadable,
  type ModerationDeps,
  requireModerates,
  unban,
  warn,
} from './moderation.service.ts';
import { SubjectParams } from './reactions.routes.ts';
import { insertReport, listModeratedBoards, listQueue, REASONS, type Reason } from './reports.queries.ts';
import type { TextRules } from './text-rules.ts';
import { toNormalForm, type WordRule } from './word-filter.ts';

const QUEUE = 50;
const strict = { additionalProperties: false };
const Note = plainText({ maxLength: 500, lines: true });
const ReportBody = Type.Object({ reason: Type.Enum([...REASONS]), note: Type.Optional(Note) }, strict);
const DecisionBody = Type.Object({ note: Type.Optional(Note) }, strict);
const WarnBody = Type.Object({ reason: plainText({ minLength: 1, maxLength: 500 }) }, strict);
const BanBody = Type.Object(
  {
    reason: plainText({ minLength: 1, maxLength: 500 }),
    until: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; for good without it' })),
  },
  strict,
);
const WordBody = Type.Object(
  {
    word: plainText({ minLength: 1, maxLength: 50 }),
    rule: Type.Enum(['refuse', 'hold', 'allow'], {
      description: 'hold: shown once a moderator has looked. allow: holds another one and is none',
    }),
  },
  strict,
);
const Word = Type.Object({ id: Type.Integer(), word: Type.String(), rule: Type.String() });
const QueueItem = Type.Object({
  kind: Type.Enum(['post', 'comment']),
  id: Type.Integer(),
  board_id: Type.Integer(),
  post_id: Type.Integer(),
  author: Type.Object({ id: Type.Integer(), display_name: Type.String() }),
  content: Type.String(),
  is_hidden: Type.Boolean(),
  reports: Type.Integer(),
  reasons: Type.Array(Type.String()),
  first_at: Type.String({ format: 'date-time' }),
});

export interface ModerationRouteDeps extends ModerationDeps {
  readonly rules: TextRules;
}

const tags = ['Moderation'];

export function registerModerationRoutes(app: FastifyInstance, deps: ModerationRouteDeps): void {
  registerReports(app, deps);
  registerMembers(app, deps);
  registerWords(app, deps);
}

function registerReports(app: FastifyInstance, deps: ModerationRouteDeps): void {
  const { db } = deps;
  app.post(
    '/api/reports/:kind/:id',
    {
      config: { policy: 'signed-in' },
      schema: {
        summary: 'Report a post or comment',
        tags,
        params: SubjectParams,
        body: ReportBody,
        response: { 200: Detail },
      },
    },
    async (request) => {
      requireViewer(request.viewer);
      const { kind, id } = request.params as SubjectParams;
      const { reason, note = '' } = request.body as { reason: Reason; note?: string };
      const subject = await getReadable(deps, { kind, id }, request.viewer);
      const reporterId = request.viewer.memberId;
      await insertReport(db, { kind, subjectId: id, boardId: subject.board_id, reporterId, reason, note });
      return { detail: 'The moderators will look at it.' };
    },
  );
  app.get(
    '/api/moderation/queue',
    {
      config: { policy: 'signed-in' },
      schema: {
        summary: 'What was reported on the boards that you moderate',
        tags,
        response: { 200: Type.Array(QueueItem) },
      },
    },
    async (request) => {
      requireViewer(request.viewer);
      const boards = requireModerates(request.viewer, await listModeratedBoards(db, request.viewer.memberId));
      return (await listQueue(db, boards, QUEUE)).map(
        ({ subject_id, author_id, author_name, first_at, ...row }) => ({
          ...row,
          id: subject_id,
          author: { id: author_id, display_name: author_name },
          first_at: first_at.toISOString(),
        }),
      );
    },
  );
  for (const act of ['hide', 'restore', 'dismiss'] satisfies Act[])
    app.post(
      `/api/moderation/:kind/:id/${act}`,
      {
        config: { policy: 'signed-in' },
        schema: {
          summary: `${act} it, and settle its reports`,
          tags,
          params: SubjectParams,
          body: DecisionBody,
          response: { 200: Detail },
        },
      },
      async (request) => {
        requireViewer(request.viewer);
        const { note = '' } = request.body as Static<typeof DecisionBody>;
        await decide(deps, request.params as SubjectParams, act, request.viewer, note);
        return { detail: 'Done.' };
      },
    );
}

function registerMembers(app: FastifyInstance, deps: ModerationRouteDeps): void {
  const config = { policy: ['admin'] as const };
  app.post(
    '/api/moderation/members/:id/warn',
    {
      config,
      schema: { summary: 'Warn a member', tags, params: IdParams, body: WarnBody, response: { 200: Detail } },
    },
    async (request) => {
      requireViewer(request.viewer);
      const { reason } = request.body as Static<typeof WarnBody>;
      await warn(deps, (request.params as { id: number }).id, request.viewer, reason);
      return { detail: 'Warned.' };
    },
  );
  app.post(
    '/api/moderation/members/:id/ban',
    {
      config,
      schema: {
        summary: 'Ban a member: all sessions end',
        tags,
        params: IdParams,
        body: BanBody,
        response: { 200: Detail },
      },
    },
    async (request) => {
      requireViewer(request.viewer);
      const { reason, until } = request.body as Static<typeof BanBody>;
      const parsed = parseInstant(until);
      if (typeof parsed === 'string') throw invalid([{ path: 'until', message: parsed }]);
      const end = parsed.value === undefined ? undefined : new Date(parsed.value);
      await ban(deps, (request.params as { id: number }).id, request.viewer, end, reason);
      return { detail: 'Banned.' };
    },
  );
  app.delete(
    '/api/moderation/members/:id/ban',
    {
      config,
      schema: {
        summary: 'Let a banned member sign in again',
        tags,
        params: IdParams,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      await unban(deps, (request.params as { id: number }).id, request.viewer);
      return reply.code(204).send(null);
    },
  );
}

function registerWords(app: FastifyInstance, { db, rules }: ModerationRouteDeps): void {
  const config = { policy: ['admin'] as const };
  app.get(
    '/api/moderation/words',
    { config, schema: { summary: 'Words that are filtered', tags, response: { 200: Type.Array(Word) } } },
    () => listFilteredWords(db),
  );
  app.post(
    '/api/moderation/words',
    {
      config,
      schema: { summary: 'Filter a word, or change its rule', tags, body: WordBody, response: { 201: Word } },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { viewer } = request;
      const { word, rule } = request.body as { word: string; rule: WordRule };
      const form = toNormalForm(word);
      if (form === '') throw invalid([{ path: 'word', message: 'must hold a letter' }]);
      const row = await db.transaction(async (tx) => {
        await appendAudit(tx, audit(viewer, 'word.save', `word:${form}`, { rule }));
        return saveFilteredWord(tx, word, form, rule);
      });
      rules.forget();
      return reply.code(201).send(row);
    },
  );
  app.delete(
    '/api/moderation/words/:id',
    {
      config,
      schema: { summary: 'Filter it no longer', tags, params: IdParams, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { viewer } = request;
      const { id } = request.params as { id: number };
      await db.transaction(async (tx) => {
        if (!(await deleteFilteredWord(tx, id)))
          throw new AppError('not_found', `There is no filtered word ${id}.`);
        await appendAudit(tx, audit(viewer, 'word.delete', `word:${id}`, {}));
      });
      rules.forget();
      return reply.code(204).send(null);
    },
  );
}

import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { RowId } from '../../http/field-types.ts';
import { checkAudit, listAudit } from './audit.queries.ts';

const PAGE = 50;
const Query = Type.Object(
  {
    before: Type.Optional(RowId),
    subject: Type.Optional(Type.String({ maxLength: 100 })),
    actor_id: Type.Optional(RowId),
  },
  { additionalProperties: false },
);
const Entry = Type.Object({
  seq: Type.Integer(),
  at: Type.String({ format: 'date-time' }),
  actor_id: Type.Union([Type.Integer(), Type.Null()]),
  action: Type.String(),
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
});
const Check = Type.Object({
  rows: Type.Integer({ description: 'that follow one another' }),
  broken_at: Type.Union([Type.Integer(), Type.Null()], { description: 'the first that was altered' }),
});

/** What staff did, for admins. */
export function registerAuditRoutes(app: FastifyInstance, { db }: { readonly db: Db }): void {
  const tags = ['Audit'];
  const config = { policy: ['admin'] as const };
  app.get(
    '/api/audit',
    {
      config,
      schema: {
        summary: 'What staff did, newest first',
        tags,
        querystring: Query,
        response: { 200: Type.Array(Entry) },
      },
    },
    async (request) => {
      const { before, subject, actor_id: actorId } = request.query as Static<typeof Query>;
      const rows = await listAudit(db, { before, subject, actorId, limit: PAGE });
      return rows.map(({ hash: _, ...row }) => ({ ...row, at: row.at.toISOString() }));
    },
  );
  app.get(
    '/api/audit/check',
    { config, schema: { summary: 'Whether any row was altered', tags, response: { 200: Check } } },
    async () => {
      const { rows, brokenAt } = await checkAudit(db);
      return { rows, broken_at: brokenAt ?? null };
    },
  );
}

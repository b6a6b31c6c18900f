import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Detail, IdParams, RowId } from '../../http/field-types.ts';
import { AppError } from '../../kit/errors.ts';
import type { JobQueue } from '../../ports/job-queue.ts';

const PARKED_PAGE = 50;

const State = Type.Object({
  kinds: Type.Array(
    Type.Object({
      kind: Type.String(),
      waiting: Type.Integer({ description: 'due, and taken by nobody' }),
      running: Type.Integer(),
      later: Type.Integer({ description: 'failed before, or not due yet' }),
      parked: Type.Integer({ description: 'given up after the last try' }),
      oldest_ms: Type.Union([Type.Integer(), Type.Null()], {
        description: 'how long the first that waits has been due',
      }),
    }),
  ),
  parked: Type.Array(
    Type.Object({
      id: Type.Integer(),
      kind: Type.String(),
      payload: Type.Record(Type.String(), Type.Unknown()),
      tries: Type.Integer(),
      reason: Type.String(),
      created_at: Type.String(),
      parked_at: Type.String(),
    }),
  ),
});
const StateQuery = Type.Object({ after_id: Type.Optional(RowId) }, { additionalProperties: false });

/** Work in the background, for admins: what waits, what was given up and why, and to try it again. */
export function registerJobRoutes(app: FastifyInstance, { queue }: { readonly queue: JobQueue }): void {
  const tags = ['Jobs'];
  const policy = ['admin'] as const;
  app.get(
    '/api/jobs',
    { config: { policy }, schema: { tags, querystring: StateQuery, response: { 200: State } } },
    async (request) => {
      const { after_id: afterId } = request.query as { after_id?: number };
      const [kinds, parked] = await Promise.all([
        queue.readState(),
        queue.listParked({ afterId, limit: PARKED_PAGE }),
      ]);
      return {
        kinds,
        parked: parked.map((job) => ({
          ...job,
          created_at: job.created_at.toISOString(),
          parked_at: job.parked_at.toISOString(),
        })),
      };
    },
  );
  app.post(
    '/api/jobs/:id/retry',
    { config: { policy }, schema: { tags, params: IdParams, response: { 200: Detail } } },
    async (request) => {
      const { id } = request.params as { id: number };
      if ((await queue.retry([id])) === 0) throw notParked(id);
      return { detail: 'It will be done again.' };
    },
  );
  app.delete(
    '/api/jobs/:id',
    { config: { policy }, schema: { tags, params: IdParams, response: { 204: Type.Null() } } },
    async (request, reply) => {
      const { id } = request.params as { id: number };
      if ((await queue.discard([id])) === 0) throw notParked(id);
      return reply.code(204).send(null);
    },
  );
}

function notParked(id: number): AppError {
  return new AppError('not_found', `No parked job has the id ${id}: it was retried or discarded meanwhile.`);
}

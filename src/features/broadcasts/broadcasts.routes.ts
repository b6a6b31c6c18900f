import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { runOnce } from '../../db/idempotency.ts';
import type { Db } from '../../db/pool.ts';
import { plainText, RowId } from '../../http/field-types.ts';
import { readIdempotencyKey } from '../../http/idempotency-key.ts';
import { KEYSET_LIMIT } from '../../http/paging.ts';
import { requireViewer, STAFF } from '../../http/policy.ts';
import { type BroadcastRow, insertBroadcast, listBroadcasts } from './broadcasts.queries.ts';

const Body = Type.Object(
  {
    title: plainText({ minLength: 1, maxLength: 100 }),
    body: plainText({ minLength: 1, maxLength: 500, lines: true }),
    path: Type.Optional(Type.String({ pattern: '^/(?!/)[\\w/?=&%.-]*$', maxLength: 200, default: '/' })),
    advertising: Type.Boolean({
      description:
        'goes to those alone who consent to advertising, labelled (광고), and not between 21:00 and 08:00 in Korea without consent for the night',
    }),
  },
  { additionalProperties: false },
);
const Broadcast = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  body: Type.String(),
  path: Type.String(),
  advertising: Type.Boolean(),
  created_at: Type.String({ format: 'date-time' }),
  is_sent_out: Type.Boolean({ description: 'every device has its job' }),
});
const Query = Type.Object({ last_id: Type.Optional(RowId) }, { additionalProperties: false });

/** Messages by push to all members, for staff. */
export function registerBroadcastRoutes(app: FastifyInstance, { db }: { readonly db: Db }): void {
  const tags = ['Broadcasts'];
  const config = { policy: STAFF };
  app.post(
    '/api/broadcasts',
    { config, schema: { summary: 'Send a message to all', tags, body: Body, response: { 201: Broadcast } } },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { title, body, path = '/', advertising } = request.body as Static<typeof Body>;
      const { memberId } = request.viewer;
      const made = await runOnce(db, readIdempotencyKey(request), async (tx) =>
        toBroadcast(await insertBroadcast(tx, memberId, { title, body, path, isAdvertising: advertising })),
      );
      return reply.code(201).send(made);
    },
  );
  app.get(
    '/api/broadcasts',
    {
      config,
      schema: {
        summary: 'Messages to all, newest first',
        tags,
        querystring: Query,
        response: { 200: Type.Array(Broadcast) },
      },
    },
    async (request) => {
      const { last_id } = request.query as Static<typeof Query>;
      return (await listBroadcasts(db, last_id, KEYSET_LIMIT)).map(toBroadcast);
    },
  );
}

function toBroadcast(row: BroadcastRow): Static<typeof Broadcast> {
  const { id, title, body, path } = row;
  return {
    id,
    title,
    body,
    path,
    advertising: row.is_advertising,
    created_at: new Date(row.created_at).toISOString(),
    is_sent_out: row.finished_at !== null,
  };
}

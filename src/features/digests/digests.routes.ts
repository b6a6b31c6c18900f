import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import type { Db } from '../../db/pool.ts';
import { Detail, RowId } from '../../http/field-types.ts';
import { AppError } from '../../kit/errors.ts';
import { turnDigestOff } from './digests.queries.ts';
import { isUnsubscribeToken } from './digests.service.ts';

const Query = Type.Object(
  { member: RowId, token: Type.String({ maxLength: 100 }) },
  { additionalProperties: false },
);

/** One click in a mail program (RFC 8058), by whoever holds the mail. */
export function registerDigestRoutes(
  parent: FastifyInstance,
  { db, key }: { readonly db: Db; readonly key: Buffer },
): void {
  void parent.register(async (app) => {
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request, body, done) => done(null, body),
    );
    app.post(
      '/api/notifications/unsubscribe',
      {
        config: { policy: 'anyone', credentials: 'ignored', csrf: 'none' },
        schema: {
          summary: 'No digests any more',
          tags: ['Notifications'],
          querystring: Query,
          response: { 200: Detail },
        },
      },
      async (request) => {
        const { member, token } = request.query as Static<typeof Query>;
        if (!isUnsubscribeToken(key, member, token))
          throw new AppError('not_found', 'This link is not valid. Change it in the notification settings.');
        await turnDigestOff(db, member);
        return { detail: 'You get no digests any more.' };
      },
    );
  });
}

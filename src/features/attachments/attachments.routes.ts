import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findAnswer, runOnce } from '../../db/idempotency.ts';
import { readIdempotencyKey } from '../../http/idempotency-key.ts';
import { requireViewer } from '../../http/policy.ts';
import { AppError } from '../../kit/errors.ts';
import { type AttachmentRow, deleteAttachment, listAttachments, readUsage } from './attachments.queries.ts';
import {
  type AttachmentDeps,
  attach,
  openAttachment,
  type Shape,
  unknownAttachment,
} from './attachments.service.ts';

const MAX_BYTES = 10 * 2 ** 20;
const LISTED = 100;

const Attachment = Type.Object({
  id: Type.String(),
  url: Type.String({ description: 'for `![…](url)` in a text' }),
  thumbnail_url: Type.String(),
  type: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  bytes: Type.Integer({ description: 'with the thumbnail' }),
  created_at: Type.String({ format: 'date-time' }),
});
const Own = Type.Object({
  used_bytes: Type.Integer(),
  quota_bytes: Type.Integer(),
  results: Type.Array(Attachment, { description: `the newest ${LISTED}` }),
});
const Params = Type.Object({ id: Type.String({ format: 'uuid' }) });

const tags = ['Attachments'];

export function registerAttachmentRoutes(app: FastifyInstance, deps: AttachmentDeps): void {
  registerUpload(app, deps);
  registerOwn(app, deps);
  for (const shape of ['whole', 'thumbnail'] as const)
    app.get(
      `/api/attachments/:id${shape === 'whole' ? '' : '/thumbnail'}`,
      {
        config: { policy: 'anyone', credentials: 'ignored' },
        schema: { summary: 'The image', tags, params: Params },
      },
      (request, reply) => sendImage(request, reply, deps, shape),
    );
}

function registerUpload(parent: FastifyInstance, deps: AttachmentDeps): void {
  // What a body is said to be does not matter: its bytes are looked at.
  parent.register((app, _options, done) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: MAX_BYTES }, (_request, body, parsed) =>
      parsed(null, body),
    );
    app.post(
      '/api/attachments',
      {
        config: { policy: 'signed-in' },
        bodyLimit: MAX_BYTES,
        schema: { summary: 'Attach an image: the file is the body', tags, response: { 201: Attachment } },
      },
      async (request, reply) => {
        requireViewer(request.viewer);
        if (!Buffer.isBuffer(request.body) || request.body.length === 0)
          throw new AppError('malformed', 'The body is empty: send the image file itself.');
        return reply.code(201).send(await attachOnce(request, deps, request.viewer.memberId, request.body));
      },
    );
    done();
  });
}

/** The same request again gets the first one's answer; what two at once made twice is deleted again. */
async function attachOnce(request: FastifyRequest, deps: AttachmentDeps, memberId: number, bytes: Buffer) {
  const claim = readIdempotencyKey(request);
  const known = claim && (await findAnswer<ReturnType<typeof toAttachment>>(deps.db, claim));
  if (known) return known.answer;
  const made = toAttachment(await attach(deps, memberId, bytes));
  if (!claim) return made;
  const answer = await runOnce(deps.db, claim, async () => made);
  if (answer.id !== made.id) await deleteAttachment(deps.db, memberId, made.id);
  return answer;
}

function registerOwn(app: FastifyInstance, { db, quotaBytes }: AttachmentDeps): void {
  app.get(
    '/api/attachments',
    { config: { policy: 'signed-in' }, schema: { summary: 'Own images', tags, response: { 200: Own } } },
    async (request) => {
      requireViewer(request.viewer);
      const { memberId } = request.viewer;
      const [used, rows] = await Promise.all([
        readUsage(db, memberId),
        listAttachments(db, memberId, LISTED),
      ]);
      return { used_bytes: used, quota_bytes: quotaBytes, results: rows.map(toAttachment) };
    },
  );
  app.delete(
    '/api/attachments/:id',
    {
      config: { policy: 'signed-in' },
      schema: { summary: 'Delete an own image', tags, params: Params, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      requireViewer(request.viewer);
      const { id } = request.params as { id: string };
      if (!(await deleteAttachment(db, request.viewer.memberId, id))) throw unknownAttachment(id);
      return reply.code(204).send(null);
    },
  );
}

/** Its name is a secret that whoever may read the text knows, and its bytes never change. */
async function sendImage(
  request: FastifyRequest,
  reply: FastifyReply,
  deps: AttachmentDeps,
  shape: Shape,
): Promise<FastifyReply> {
  const { id } = request.params as { id: string };
  const { body, bytes, type } = await openAttachment(deps, id, shape);
  return reply
    .type(type)
    .header('content-length', bytes)
    .header('cache-control', 'public, max-age=3600')
    .header('content-security-policy', "default-src 'none'; sandbox")
    .header('x-content-type-options', 'nosniff')
    .send(body);
}

function toAttachment(row: AttachmentRow) {
  const url = `/api/attachments/${row.id}`;
  return {
    id: row.id,
    url,
    thumbnail_url: `${url}/thumbnail`,
    type: row.type,
    width: row.width,
    height: row.height,
    bytes: row.bytes,
    created_at: row.created_at.toISOString(),
  };
}

import type { FastifyReply } from 'fastify';

const asIs = (body: unknown) => body as string;

/**
 * What a handler returns to answer JSON that is text already. Returned, not sent: a handler that returns its reply makes
 * Fastify watch the end of each answer. `never`, because the route's type speaks of what the text says.
 */
export function asJson(reply: FastifyReply, body: string): never {
  reply.header('content-type', 'application/json; charset=utf-8').serializer(asIs);
  return body as never;
}

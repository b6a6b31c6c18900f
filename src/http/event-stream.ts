import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const HEARTBEAT_MS = 15_000;

/**
 * Begins an answer of server-sent events (WHATWG HTML, 9.2) that lives until either side ends it, with a sign of life now and
 * then. Undefined where the client hung up meanwhile: such a response closes no more, and what waits for that would wait
 * for ever.
 */
export function openEventStream(reply: FastifyReply): ServerResponse | undefined {
  reply.hijack();
  const { raw: response } = reply;
  if (response.destroyed) return undefined;
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
  response.on('close', () => clearInterval(heartbeat));
  return response;
}

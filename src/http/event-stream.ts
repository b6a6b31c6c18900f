import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

const HEARTBEAT_MS = 15_000;
const CHECK_MS = 1_000;

/**
 * Begins an answer of server-sent events (WHATWG HTML, 9.2) that lives until either side ends it, with a sign of life now and
 * then. It outlives what was true when it began, so it ends once `isSignedIn` holds no more; a client that may, asks again
 * with new credentials. Undefined where the client hung up meanwhile: such a response closes no more, and what waits for
 * that would wait for ever.
 */
export function openEventStream(reply: FastifyReply, isSignedIn: () => boolean): ServerResponse | undefined {
  reply.hijack();
  const { raw: response } = reply;
  if (response.destroyed) return undefined;
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const heartbeat = setInterval(() => response.write(': still here\n\n'), HEARTBEAT_MS);
  const check = setInterval(() => isSignedIn() || response.end(), CHECK_MS);
  response.on('close', () => {
    clearInterval(heartbeat);
    clearInterval(check);
  });
  return response;
}

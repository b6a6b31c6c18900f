import { randomBytes } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AppError } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';
import type { AuthenticateOptions } from './authenticate.ts';
import { type Cidr, createAddressReader } from './client-address.ts';
import { handleErrors, toAppError, toProblem } from './error-handler.ts';
import { enforcePolicies } from './policy.ts';
import { typeQueryAndPath } from './query-types.ts';
import { createRouteTable } from './route-table.ts';
import type { Pages } from './static-pages.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The client's address, as far as the configured proxies vouch for it. Fastify's own `ip` is the peer. */
    readonly clientAddress: string;
  }
}

export interface ServerOptions {
  readonly log: Logger;
  readonly authenticate: AuthenticateOptions;
  /** Proxies whose `X-Forwarded-For` counts. */
  readonly trustedProxies: readonly Cidr[];
  /** The built pages, absent on a process without them. */
  readonly pages?: Pages;
}

const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * The HTTP server without its routes. Every route needs `config: { policy }`; each answer that is no success is a
 * problem document. HEAD has no route of its own on any GET (405 with Allow), so that nothing is ever recorded by it.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { log } = options;
  // Ids only need to be unique in one log: a random start and a counter cost less than a UUID a request.
  const start = randomBytes(6).toString('hex');
  let requests = 0;
  const nextId = () => `${start}-${(++requests).toString(36)}`;
  const app: FastifyInstance = Fastify({
    logger: false,
    genReqId: nextId,
    bodyLimit: BODY_LIMIT_BYTES,
    // With the interval below a slow request is closed within 10 s.
    requestTimeout: 9_500,
    keepAliveTimeout: 65_000,
    http: { headersTimeout: 5_000, connectionsCheckingInterval: 500 },
    // Started requests end; idle connections would hold the stop back until they time out.
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    trustProxy: false,
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 200 },
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, useDefaults: true, allErrors: true },
    },
    clientErrorHandler: (error, socket) => refuseUnread(error, socket, nextId()),
    frameworkErrors: (error, request, reply) => {
      const refusal = toAppError(error) ?? new AppError('malformed', 'The request could not be read.');
      void (reply as FastifyReply)
        .code(refusal.status)
        .type('application/problem+json')
        .send(JSON.stringify(toProblem(refusal, request.id)));
    },
  });
  takeEmptyJson(app);
  const readAddress = createAddressReader(options.trustedProxies);
  app.decorateRequest('clientAddress', {
    getter(this: FastifyRequest) {
      return readAddress(this.ip ?? '', headerText(this.headers['x-forwarded-for']));
    },
  });
  app.addHook('onRequest', setDefaultHeaders);
  const table = createRouteTable(app);
  enforcePolicies(app, options.authenticate);
  typeQueryAndPath(app);
  handleErrors(app, log);
  options.pages?.register(app);
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0]!;
    const verbs = table.verbsOf(path);
    if (verbs.length > 0) throw wrongVerb(request.method, verbs, reply);
    if (options.pages?.find(request) !== undefined) return options.pages.send(request, reply);
    throw new AppError('not_found', `There is nothing at ${request.method} ${path}.`);
  });
  return app;
}

function wrongVerb(verb: string, verbs: readonly string[], reply: FastifyReply): AppError {
  reply.header('allow', verbs.join(', '));
  return new AppError('method_not_allowed', `${verb} is not possible here, but ${verbs.join(', ')}.`);
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}

/** An answer that may be cached says so itself: most are one member's, or move by the second. */
function setDefaultHeaders(_request: FastifyRequest, reply: FastifyReply, done: () => void): void {
  reply.header('x-content-type-options', 'nosniff').header('cache-control', 'no-store');
  done();
}

/** Many clients name JSON as the type of a body that they do not send: that is no body, and no mistake. */
function takeEmptyJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body, done);
  });
}

const UNREAD = new Map([
  ['ERR_HTTP_REQUEST_TIMEOUT', [408, 'The request did not arrive in time.']],
  ['HPE_HEADER_OVERFLOW', [431, 'The headers are larger than this server takes.']],
] as const);

/** What could not be read as HTTP has no request and no reply; its answer is written by hand. */
function refuseUnread(error: Error & { code?: string }, socket: Socket, requestId: string): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const known = UNREAD.get(error.code as 'HPE_HEADER_OVERFLOW');
  const [status, detail] = known ?? [400, 'The request is not valid HTTP.'];
  const title = STATUS_CODES[status]!;
  const code = 'malformed';
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code, request_id: requestId });
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/problem+json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

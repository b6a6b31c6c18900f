import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasRole } from '../../http/policy.ts';
import { AppError, type FieldError, invalid } from '../../kit/errors.ts';
import type { Accepted, EventInput } from '../../pipeline/ingest/index.ts';
import { parseEventInput } from './event-input.ts';
import { type AcceptDeps, acceptEvents, readEventId, requireAccepted } from './sender.ts';

const MAX_EVENTS = 500;
const BODY_LIMIT_BYTES = 512 * 1024;
// The smallest transparent GIF that every browser draws.
const PIXEL = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==', 'base64');

export interface CollectingDeps extends AcceptDeps {
  /** The landing URL of a campaign, or undefined; rejects with `unavailable` where nobody can tell. */
  readonly findLanding: (campaignId: number) => Promise<string | undefined>;
}

type Body = { readonly kind: 'json' | 'lines'; readonly text: string };

/** POST /api/events, and /t/v.gif and /t/c/{campaign} outside the base path. */
export function registerCollectingRoutes(app: FastifyInstance, deps: CollectingDeps): void {
  app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    // sendBeacon says text/plain; what is in it is JSON.
    for (const type of ['application/json', 'text/plain']) {
      scope.addContentTypeParser(
        type,
        { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
        (_request, text, parsed) => parsed(null, { kind: 'json', text }),
      );
    }
    for (const type of ['application/x-ndjson', 'application/ndjson', 'application/jsonl']) {
      scope.addContentTypeParser(
        type,
        { parseAs: 'string', bodyLimit: BODY_LIMIT_BYTES },
        (_request, text, parsed) => parsed(null, { kind: 'lines', text }),
      );
    }
    scope.post(
      '/api/events',
      { bodyLimit: BODY_LIMIT_BYTES, config: { policy: 'anyone', csrf: 'origin', shed: 'last' } },
      (request, reply) => postEvents(request, reply, deps),
    );
    scope.options(
      '/api/events',
      { config: { policy: 'anyone', credentials: 'ignored', shed: 'never' } },
      (_request, reply) =>
        allowAnyOrigin(reply)
          .header('access-control-allow-methods', 'POST')
          .header('access-control-allow-headers', 'content-type')
          .header('access-control-max-age', '86400')
          .code(204)
          .send(),
    );
    scope.get('/t/v.gif', { config: { policy: 'anyone', shed: 'last' } }, (request, reply) =>
      getPixel(request, reply, deps),
    );
    scope.get('/t/c/:campaign', { config: { policy: 'anyone', shed: 'last' } }, (request, reply) =>
      getClick(request, reply, deps),
    );
    done();
  });
}

/** Any page may send events; the answer holds nothing of anybody, so any page may read it. */
function allowAnyOrigin(reply: FastifyReply): FastifyReply {
  return reply.header('access-control-allow-origin', '*');
}

async function postEvents(request: FastifyRequest, reply: FastifyReply, deps: CollectingDeps) {
  allowAnyOrigin(reply);
  const body = request.body as Body | undefined;
  if (!body)
    throw new AppError(
      'unsupported_type',
      'Send JSON (application/json or text/plain) or NDJSON (application/x-ndjson), and say so in Content-Type.',
    );
  const trusted = hasRole(request.viewer, ['admin']);
  const accept = (inputs: readonly EventInput[]) =>
    acceptEvents(request, reply, trusted ? 'server' : 'api', inputs, deps);
  reply.code(202);
  if (body.kind === 'json') {
    const value = parseJson(body.text);
    if (!Array.isArray(value)) {
      const parsed = parseEventInput(value, trusted);
      if ('errors' in parsed) throw invalid(parsed.errors);
      return { event_id: requireAccepted(await accept([parsed.input])), status: 'accepted' };
    }
    checkCount(value.length);
    return acceptMany(
      value.map((item) => parseEventInput(item, trusted)),
      accept,
    );
  }
  const lines = body.text.split('\n').filter((line) => line.trim() !== '');
  checkCount(lines.length);
  const items = lines.map((line) => parseLine(line, trusted));
  return acceptMany(items, accept);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new AppError('malformed', `The body is not valid JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function parseLine(line: string, trusted: boolean): ReturnType<typeof parseEventInput> {
  try {
    return parseEventInput(JSON.parse(line), trusted);
  } catch (error) {
    return { errors: [{ path: '', message: `the line is not valid JSON: ${(error as Error).message}` }] };
  }
}

function checkCount(count: number): void {
  if (count === 0) throw invalid([{ path: '', message: 'send at least one event' }]);
  if (count > MAX_EVENTS) {
    throw new AppError(
      'too_large',
      `A batch holds at most ${MAX_EVENTS} events; this one has ${count}. Nothing was kept; send it in parts.`,
    );
  }
}

interface Result {
  readonly event_id: string | null;
  readonly status: 'accepted' | 'refused';
  readonly errors?: readonly FieldError[];
}

async function acceptMany(
  items: readonly ReturnType<typeof parseEventInput>[],
  accept: (inputs: readonly EventInput[]) => Promise<readonly Accepted[]>,
) {
  const inputs: EventInput[] = items.flatMap((item) => ('input' in item ? [item.input] : []));
  const accepted = await accept(inputs);
  let at = 0;
  const results = items.map((item): Result => {
    if ('errors' in item) return { event_id: null, status: 'refused', errors: item.errors };
    return toResult(accepted[at++]!);
  });
  const refused = results.filter((result) => result.status === 'refused').length;
  return { accepted: results.length - refused, refused, results };
}

function toResult(one: Accepted): Result {
  if (one.status === 'accepted') return { event_id: one.eventId, status: 'accepted' };
  const errors = one.refusal.errors ?? [{ path: '', message: one.refusal.message }];
  return { event_id: one.eventId ?? null, status: 'refused', errors };
}

async function getPixel(request: FastifyRequest, reply: FastifyReply, deps: CollectingDeps) {
  const { c } = request.query as { c?: string };
  const id = parseId(c, 'c');
  const referrer = readReferrer(request);
  const input: EventInput = {
    type: 'view',
    subject: { kind: 'campaign', id },
    eventId: readEventId(request),
    page: referrer,
  };
  requireAccepted(await acceptEvents(request, reply, 'pixel', [input], deps));
  return reply.type('image/gif').header('cache-control', 'no-store').send(PIXEL);
}

async function getClick(request: FastifyRequest, reply: FastifyReply, deps: CollectingDeps) {
  const id = parseId((request.params as { campaign: string }).campaign, 'campaign');
  const landing = await deps.findLanding(id);
  if (landing === undefined)
    throw new AppError('not_found', `There is no campaign ${id} with a landing page; nothing was recorded.`);
  const input: EventInput = {
    type: 'click',
    subject: { kind: 'campaign', id },
    eventId: readEventId(request),
    page: readReferrer(request),
  };
  requireAccepted(await acceptEvents(request, reply, 'redirect', [input], deps));
  return reply
    .header('cache-control', 'no-store')
    .header('referrer-policy', 'no-referrer')
    .redirect(landing, 302);
}

function parseId(text: string | undefined, path: string): number {
  const id = Number(text);
  if (text === undefined || !/^\d{1,15}$/.test(text) || id < 1)
    throw invalid([{ path, message: 'must be the whole number of a campaign' }]);
  return id;
}

function readReferrer(request: FastifyRequest): string | undefined {
  const { referer } = request.headers;
  return referer?.isWellFormed() && !referer.includes('\u0000') ? referer.slice(0, 2_048) : undefined;
}

import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EventSource } from '../../events/event.ts';
import { isUuid } from '../../events/event-id.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import type { Accepted, EventInput, EventSender, Ingest } from '../../pipeline/ingest/index.ts';
import { cleanAgent } from './event-input.ts';
import type { FindVisitor } from './visitor-cookie.ts';

export interface AcceptDeps {
  readonly ingest: Ingest;
  /** Undefined where visitors get no cookie. */
  readonly findVisitor: FindVisitor | undefined;
}

/** Accepts the events of a request. A newcomer whose event was kept gets, with the answer, the id it was counted under. */
export async function acceptEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  source: EventSource,
  inputs: readonly EventInput[],
  { ingest, findVisitor }: AcceptDeps,
): Promise<readonly Accepted[]> {
  const visitor = findVisitor?.(request);
  const accepted = await ingest.accept(inputs, toSender(request, source, visitor?.actor));
  if (visitor?.setCookie !== undefined && accepted.some((one) => one.status === 'accepted'))
    reply.header('set-cookie', visitor.setCookie);
  return accepted;
}

/** What the request itself says of who sent it. */
function toSender(
  request: FastifyRequest,
  source: EventSource,
  visitorActor: string | undefined,
): EventSender {
  const { headers } = request;
  return {
    memberActor: request.viewer?.actorId,
    visitorActor,
    ip: request.clientAddress,
    userAgent: cleanAgent(headers['user-agent']),
    prefetch: isPrefetch(headers),
    source,
  };
}

/** `Sec-Purpose` (Fetch standard), and the older names that browsers still send. */
function isPrefetch(headers: FastifyRequest['headers']): boolean {
  const purpose = headers['sec-purpose'] ?? headers.purpose ?? headers['x-purpose'] ?? headers['x-moz'];
  return typeof purpose === 'string' && /prefetch|prerender|preview/i.test(purpose);
}

/** The id of an event without a body: `event_id` in the query, or the Idempotency-Key header (quoted or not). */
export function readEventId(request: FastifyRequest): string | undefined {
  const { event_id: query } = request.query as { event_id?: unknown };
  const header = request.headers['idempotency-key'];
  const id = query ?? (typeof header === 'string' ? header.replace(/^"(.*)"$/, '$1') : undefined);
  if (id === undefined || isUuid(id)) return id;
  throw invalid([
    {
      path: query === undefined ? 'Idempotency-Key' : 'event_id',
      message: 'must be a UUID; version 7 is best',
    },
  ]);
}

/** The one answer of a request that sends one event: its id, or its refusal thrown. */
export function requireAccepted(accepted: readonly Accepted[]): string {
  const [one] = accepted;
  if (one?.status === 'accepted') return one.eventId;
  throw (
    one?.refusal ??
    new AppError('unavailable', 'The event log gave no answer. Repeat with the same event_id.')
  );
}

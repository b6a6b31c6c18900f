import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError, EngineError, type FieldError, invalid } from '../kit/errors.ts';
import type { Logger } from '../kit/logger.ts';

type Handled = Pick<FastifyError, 'code' | 'message' | 'validation' | 'validationContext' | 'statusCode'>;

/** RFC 9457. `type` stays `about:blank` plus `code`: a client that branches does so on `code`. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly request_id: string;
  readonly errors?: readonly FieldError[];
}

/** Answers every error of every route as a problem document. A bug is logged with its cause and shown without. */
export function handleErrors(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, log));
}

/** Also for handlers that answer by themselves (a stream, a pixel). */
export function sendProblem(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  log: Logger,
): FastifyReply {
  const refusal = toAppError(error);
  if (error instanceof EngineError) {
    const more = takeTurn(log);
    if (more !== undefined)
      log.warn(
        { request_id: request.id, err: error, route: request.routeOptions.url, ...(more > 0 && { more }) },
        'an engine failed',
      );
  }
  if (refusal === undefined) {
    log.error(
      { request_id: request.id, err: error, route: request.routeOptions.url },
      'bug: a request failed',
    );
    return send(reply, {
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: `Something went wrong here. It is logged under the request id ${request.id}.`,
      code: 'internal',
      request_id: request.id,
    });
  }
  if (refusal.retryAfter !== undefined) reply.header('retry-after', String(Math.ceil(refusal.retryAfter)));
  if (refusal.status === 401) reply.header('www-authenticate', 'Bearer');
  return send(reply, toProblem(refusal, request.id));
}

interface Turn {
  at: number;
  passedOver: number;
}

const ENGINE_LINE_EVERY_MS = 100;
const turns = new WeakMap<Logger, Turn>();

/** Lines passed over since the last one, or undefined to pass over this one, too: an engine that is away fails every request. */
function takeTurn(log: Logger): number | undefined {
  const turn = turns.get(log) ?? { at: Number.NEGATIVE_INFINITY, passedOver: 0 };
  turns.set(log, turn);
  if (performance.now() - turn.at < ENGINE_LINE_EVERY_MS) {
    turn.passedOver += 1;
    return undefined;
  }
  const { passedOver } = turn;
  turn.at = performance.now();
  turn.passedOver = 0;
  return passedOver;
}

/** The body of a refusal. */
export function toProblem(refusal: AppError, requestId: string): Problem {
  return {
    ...refusal.extra,
    type: 'about:blank',
    title: STATUS_CODES[refusal.status] ?? 'Error',
    status: refusal.status,
    detail: refusal.message,
    code: refusal.code,
    request_id: requestId,
    ...(refusal.errors && { errors: refusal.errors }),
  };
}

function send(reply: FastifyReply, problem: Problem): FastifyReply {
  // As a string: the route's own response schema must not filter the members of a problem.
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json')
    .serializer((body: unknown) => body as string)
    .send(JSON.stringify(problem));
}

/** Undefined for a bug. */
export function toAppError(error: unknown): AppError | undefined {
  if (error instanceof AppError) return error;
  if (error instanceof EngineError) return fromEngine(error);
  if (typeof error !== 'object' || error === null) return undefined;
  return fromFramework(error as Handled);
}

function fromEngine(error: EngineError): AppError {
  return error.mayHaveHappened
    ? new AppError(
        'outcome_unknown',
        'The answer of a needed engine was lost: what you asked may have been done. Repeat it with the same id, or look before you repeat.',
        { cause: error },
      )
    : new AppError(
        'unavailable',
        'A needed engine does not answer. Nothing was kept; repeat it after Retry-After.',
        {
          cause: error,
        },
      );
}

function fromFramework(error: Handled): AppError | undefined {
  if (error.validation) return invalid(toFieldErrors(error));
  const code = String(error.code ?? '');
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('too_large', 'The body is larger than this route takes.');
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new AppError('unsupported_type', 'Send the body as application/json and say so in Content-Type.');
  }
  if (code.startsWith('FST_ERR_CTP_') || error instanceof SyntaxError || code === 'FST_ERR_BAD_URL') {
    return new AppError('malformed', malformedDetail(code, error.message));
  }
  // The client went away in the middle of its body: nobody reads the answer, and it is no bug of ours.
  if (code === 'ECONNRESET' && error.statusCode === 400) {
    return new AppError('malformed', 'The body ended before its announced length.');
  }
  // Fastify's own refusals of a request (never ours): their status tells that the client can act on it.
  if (code.startsWith('FST_') && error.statusCode === 400) return new AppError('malformed', error.message);
  return undefined;
}

function malformedDetail(code: string, message: string): string {
  if (code === 'FST_ERR_CTP_EMPTY_JSON_BODY')
    return 'The body is empty, but its Content-Type is application/json.';
  if (code === 'FST_ERR_BAD_URL') return 'The path of the request is not valid percent-encoding.';
  return `The body is not valid JSON: ${message}`;
}

/** Ajv's errors by field: a missing or unknown one is named itself, not the object around it. */
function toFieldErrors(error: Handled): FieldError[] {
  const fields = (error.validation ?? []).map((found) => {
    const at = found.instancePath.split('/').slice(1);
    const params = found.params as { missingProperty?: string; additionalProperty?: string };
    const named = params.missingProperty ?? params.additionalProperty;
    const path = [...at, ...(named === undefined ? [] : [named])].join('.');
    return {
      path: path || (error.validationContext ?? 'body'),
      message: toMessage(found.keyword, found.message),
    };
  });
  return fields.filter((field, at) => fields.findIndex((other) => other.path === field.path) === at);
}

function toMessage(keyword: string, message: string | undefined): string {
  if (keyword === 'required') return 'is required';
  if (keyword === 'additionalProperties') return 'is not a field of this request';
  return message ?? 'is not valid';
}

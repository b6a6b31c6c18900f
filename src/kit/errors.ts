/**
 * The three kinds of error, and no fourth: a refused request (`AppError`), engine trouble (`EngineError`), and a bug
 * (anything else). The catalogue below is the only place that knows which code answers with which HTTP status.
 */

export const ERROR_STATUS = {
  malformed: 400,
  already_exists: 400,
  not_signed_in: 401,
  bad_credentials: 401,
  not_allowed: 403,
  csrf: 403,
  not_found: 404,
  page_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  version_conflict: 412,
  too_large: 413,
  unsupported_type: 415,
  invalid: 422,
  event_id_reused: 422,
  precondition_required: 428,
  rate_limited: 429,
  overloaded: 503,
  unavailable: 503,
  outcome_unknown: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** One field's problem: `path` is a JSON pointer without the leading slash, dots between parts (`dates.start`). */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

interface AppErrorOptions {
  readonly errors?: readonly FieldError[];
  /** Seconds; sent as `Retry-After`. */
  readonly retryAfter?: number;
  /** Further members of the problem document, for example the current version. */
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A request that is refused for a reason its sender can act on. `detail` says what happened, why, and what to do. */
export class AppError extends Error {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly errors: readonly FieldError[] | undefined;
  readonly retryAfter: number | undefined;
  readonly extra: Readonly<Record<string, unknown>> | undefined;

  constructor(code: ErrorCode, detail: string, options: AppErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = ERROR_STATUS[code];
    this.errors = options.errors;
    this.retryAfter = options.retryAfter ?? (this.status === 503 ? 1 : undefined);
    this.extra = options.extra;
  }
}

interface EngineErrorDetails {
  readonly engine: string;
  readonly operation: string;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** False only where the engine surely did nothing: then the caller may answer "counts zero". */
  readonly mayHaveHappened: boolean;
  readonly cause: unknown;
}

/** Trouble of an engine, made by its adapter. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly engine: string;
  readonly operation: string;
  readonly retryable: boolean;
  readonly mayHaveHappened: boolean;

  constructor(details: EngineErrorDetails) {
    const why = details.cause instanceof Error ? details.cause.message : String(details.cause);
    super(`${details.engine}: ${details.operation} failed: ${why}`, { cause: details.cause });
    this.engine = details.engine;
    this.operation = details.operation;
    this.retryable = details.retryable;
    this.mayHaveHappened = details.mayHaveHappened;
  }
}

/** The refusal for bad input: 422 with each field named. */
export function invalid(errors: readonly FieldError[]): AppError {
  const first = errors[0];
  const detail = first ? `${first.path}: ${first.message}` : 'The request is not valid.';
  return new AppError('invalid', detail, { errors });
}

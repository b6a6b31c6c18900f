import pg from 'pg';
import { AppError, EngineError } from '../kit/errors.ts';

/**
 * Grades what PostgreSQL or its connection throws. Constraint and data errors stay `DatabaseError` (their statement
 * did nothing, and the caller knows what they mean); everything that says "not now" becomes an `EngineError`.
 */
export function toEngineError(error: unknown, operation: string, sent: boolean): unknown {
  // What work inside a transaction refuses is its own word.
  if (error instanceof EngineError || error instanceof AppError) return error;
  if (error instanceof pg.DatabaseError) {
    const state = error.code ?? '';
    if (!isTransient(state)) return error;
    // A backend that is told to end may have committed before it heard of it.
    const mayHaveHappened = sent && state.startsWith('57P');
    return new EngineError({ engine: 'postgres', operation, retryable: true, mayHaveHappened, cause: error });
  }
  if (isBug(error)) return error;
  return new EngineError({
    engine: 'postgres',
    operation,
    retryable: true,
    mayHaveHappened: sent,
    cause: error,
  });
}

/** SQLSTATE classes: 08 connection, 40 rollback, 53 resources (disk full too), 57 operator, 58 system, 55P03 lock, 25P03 idle. */
function isTransient(state: string): boolean {
  return /^(08|40|53|57|58|55P03|25P0[34]|25006)/.test(state);
}

function isBug(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  return (
    error instanceof pg.DatabaseError &&
    error.code === '23505' &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/** Errors of the data itself (SQLSTATE 22, 23): the same rows would fail again, so a group is split to find the one. */
export function isDataError(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(22|23)/.test(error.code ?? '');
}

/** A deadlock or serialization failure: the transaction rolled back whole, and the same work may be tried at once. */
export function isRollback(error: unknown): boolean {
  const cause = error instanceof EngineError ? error.cause : error;
  return cause instanceof pg.DatabaseError && (cause.code ?? '').startsWith('40');
}

/** What PostgreSQL would send with this SQLSTATE, for a simulation of it. */
export function createDatabaseError(state: string, message: string): Error {
  return Object.assign(new pg.DatabaseError(message, message.length, 'error'), { code: state });
}

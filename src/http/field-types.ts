import { Type } from 'typebox';

/**
 * Text of people: no control characters (PostgreSQL refuses NUL) and no lone surrogates (they are no UTF-8).
 * Line breaks and tabs only where `lines` says so.
 */
export function plainText(limits: { minLength?: number; maxLength: number; lines?: boolean }) {
  const { lines, ...lengths } = limits;
  return Type.String({
    ...lengths,
    pattern: lines ? '^[^\\p{Cs}\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F]*$' : '^[^\\p{Cc}\\p{Cs}]*$',
  });
}

/** A row's id in a path or body. */
export const RowId = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

export const IdParams = Type.Object({ id: RowId });

/** The answer of acts that return nothing else. */
export const Detail = Type.Object({ detail: Type.String() });

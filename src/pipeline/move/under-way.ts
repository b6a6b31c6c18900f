import type { Db } from '../../db/pool.ts';
import { AppError } from '../../kit/errors.ts';
import { findMove, isOpen, type Move, type MovedRole } from './moves.queries.ts';

interface Asked {
  readonly role: MovedRole;
  /** The address that was asked for; undefined: to go on with what is under way. */
  readonly to: string | undefined;
  readonly isSame: (one: string, other: string) => boolean;
}

/** The move that is to go on, or the address that a new one leads to. Throws `conflict` where there can be neither. */
export async function resume(db: Db, { role, to, isSame }: Asked): Promise<Move | { readonly to: string }> {
  const move = await findMove(db, role);
  if (move && isOpen(move)) {
    if (to === undefined || isSame(to, move.target)) return move;
    throw new AppError(
      'conflict',
      `A move of the ${role.replace('-', ' ')} to ${move.target} is under way (${move.state}). Let it end: npx weir move ${role}, then --finish; or return: npx weir move ${role} --back.`,
    );
  }
  if (to === undefined)
    throw new AppError(
      'conflict',
      `No move is under way. Say where to: npx weir move ${role} --to <address>.`,
    );
  return { to };
}

export function changed(): AppError {
  return new AppError('conflict', 'Somebody else has just changed this move. Run the command again.');
}

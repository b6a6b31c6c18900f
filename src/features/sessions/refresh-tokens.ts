import { createHash, randomBytes } from 'node:crypto';
import type { Db } from '../../db/pool.ts';
import * as queries from './sessions.queries.ts';

/** Refresh tokens: opaque, hashed at rest, each good for one successor. */

export interface Opened {
  readonly sessionId: string;
  readonly refresh: string;
}

/** Opens a session with its first refresh token. Undefined where the member changed since `tokenVersion`. */
export function openSession(
  db: Db,
  memberId: number,
  tokenVersion: number,
  byCookie: boolean,
): Promise<Opened | undefined> {
  const refresh = newToken();
  return db.transaction(async (tx) => {
    const sessionId = await queries.insertSession(tx, memberId, tokenVersion, byCookie);
    if (sessionId === undefined) return undefined;
    await queries.insertRefreshToken(tx, hashOf(refresh), sessionId);
    return { sessionId, refresh };
  });
}

export type Rotation =
  | { readonly outcome: 'rotated'; readonly row: queries.RefreshRow; readonly refresh: string }
  | { readonly outcome: 'reused'; readonly row: queries.RefreshRow }
  | { readonly outcome: 'refused' };

/** Trades a token for its successor; whoever comes second with the same one revokes the session. */
export function rotate(db: Db, token: string): Promise<Rotation> {
  const hash = hashOf(token);
  return db.transaction(async (tx): Promise<Rotation> => {
    const row = await queries.findRefreshToken(tx, hash, true);
    if (row?.used) {
      // Either the owner or a thief holds the successor, and nobody can tell which: both lose it.
      await queries.revokeSession(tx, row.session_id);
      return { outcome: 'reused', row };
    }
    if (!row?.alive) return { outcome: 'refused' };
    const refresh = newToken();
    await queries.markUsed(tx, hash);
    await queries.insertRefreshToken(tx, hashOf(refresh), row.session_id);
    return { outcome: 'rotated', row, refresh };
  });
}

/** The session that the token would renew now. */
export async function findSession(
  db: Db,
  token: string,
): Promise<{ sessionId: string; memberId: number } | undefined> {
  const row = await queries.findRefreshToken(db, hashOf(token), false);
  return row?.alive && !row.used ? { sessionId: row.session_id, memberId: row.member_id } : undefined;
}

function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** A token is random and 256 bits long, so a plain hash is enough: nothing can be guessed from it. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

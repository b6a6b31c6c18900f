import { createHmac, timingSafeEqual } from 'node:crypto';
import { createSigner, createVerifier } from 'fast-jwt';
import { type Identity, ROLES, type Role } from '../../http/authenticate.ts';
import { AppError } from '../../kit/errors.ts';
import type { KeyRow } from './sessions.queries.ts';

export const ACCESS_LIFETIME_MS = 10 * 60_000;
export const LEEWAY_MS = 30_000;
const ISSUER = 'weir';
const AUDIENCE = 'weir-api';
// RFC 9068: a header type of its own, so that no other kind of token passes for an access token.
const TYPE = 'at+jwt';
const MAX_TOKEN_CHARS = 2_048;
// Other processes learn of a new key within half a second; until then they could not verify it.
const KEY_SETTLES_MS = 5_000;

export interface AccessClaims extends Identity {
  /** Version of the member's roles and password that the token was made for. */
  readonly tokenVersion: number;
}

/** Signs and verifies access tokens (JWT, HS256) and CSRF tokens by the keys it was last given. */
export interface AccessTokens {
  readonly setKeys: (keys: readonly KeyRow[]) => void;
  readonly sign: (claims: AccessClaims) => string;
  /** Throws `not_signed_in`. Knows signatures and time only, no revocation. */
  readonly verify: (token: string) => AccessClaims;
  readonly signCsrf: (sessionId: string) => string;
  readonly verifyCsrf: (token: string, sessionId: string) => boolean;
}

interface Key {
  readonly kid: string;
  readonly secret: Buffer;
  readonly sign: (payload: Record<string, unknown>) => string;
  readonly verify: (token: string) => unknown;
}

export function createAccessTokens(): AccessTokens {
  let keys: readonly Key[] = [];
  let signing: Key | undefined;

  function currentKey(): Key {
    if (signing === undefined) throw new AppError('unavailable', 'The signing keys are not loaded yet.');
    return signing;
  }

  return {
    setKeys: (rows) => {
      const known = new Map(keys.map((key) => [key.kid, key]));
      keys = rows.map((row) => known.get(row.kid) ?? toKey(row));
      const settled = rows.findIndex((row) => row.age_ms > KEY_SETTLES_MS);
      signing = keys[settled < 0 ? keys.length - 1 : settled];
    },
    sign: (claims) =>
      currentKey().sign({
        sub: String(claims.memberId),
        act: claims.actorId,
        sid: claims.sessionId,
        roles: claims.roles,
        ver: claims.tokenVersion,
      }),
    verify: (token) => {
      if (token.length > MAX_TOKEN_CHARS) throw notSignedIn();
      const kid = kidOf(token);
      const key = keys.find((candidate) => candidate.kid === kid);
      if (key === undefined) throw notSignedIn();
      try {
        return toClaims(key.verify(token));
      } catch (error) {
        throw notSignedIn(error);
      }
    },
    signCsrf: (sessionId) => csrfOf(currentKey(), sessionId),
    verifyCsrf: (token, sessionId) =>
      keys.some((key) => {
        const expected = Buffer.from(csrfOf(key, sessionId));
        const given = Buffer.from(token);
        return given.length === expected.length && timingSafeEqual(given, expected);
      }),
  };
}

function toKey({ kid, secret }: KeyRow): Key {
  return {
    kid,
    secret,
    sign: createSigner({
      key: secret,
      algorithm: 'HS256',
      kid,
      iss: ISSUER,
      aud: AUDIENCE,
      expiresIn: ACCESS_LIFETIME_MS,
      header: { alg: 'HS256', typ: TYPE },
    }),
    verify: createVerifier({
      key: secret,
      algorithms: ['HS256'],
      allowedIss: ISSUER,
      allowedAud: AUDIENCE,
      checkTyp: TYPE,
      clockTolerance: LEEWAY_MS,
      requiredClaims: ['sub', 'act', 'sid', 'roles', 'ver', 'exp', 'iat'],
    }),
  };
}

/** The key's name in the unverified header: it only picks one of our own keys, and is never used otherwise. */
function kidOf(token: string): string | undefined {
  try {
    const header: unknown = JSON.parse(Buffer.from(token.split('.', 1)[0]!, 'base64url').toString());
    const kid = (header as { kid?: unknown } | null)?.kid;
    return typeof kid === 'string' ? kid : undefined;
  } catch {
    // No JSON: no token of ours.
    return undefined;
  }
}

function toClaims(payload: unknown): AccessClaims {
  const claims = payload as Record<string, unknown>;
  return {
    memberId: Number(claims.sub),
    actorId: String(claims.act),
    sessionId: String(claims.sid),
    roles: ROLES.filter((role: Role) => (claims.roles as unknown[]).includes(role)),
    tokenVersion: Number(claims.ver),
  };
}

/** Bound to the session and to nothing else: it lives as long as the session, across refreshes. */
function csrfOf(key: Key, sessionId: string): string {
  return createHmac('sha256', key.secret).update(`csrf:${sessionId}`).digest('base64url');
}

export function notSignedIn(cause?: unknown): AppError {
  return new AppError(
    'not_signed_in',
    'The access token is not valid, or not any more: refresh it, or sign in again.',
    cause === undefined ? {} : { cause },
  );
}

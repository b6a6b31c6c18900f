import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Db } from '../../db/pool.ts';
import type { Identity } from '../../http/authenticate.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Member, Members } from '../members/index.ts';
import { ACCESS_LIFETIME_MS, createAccessTokens, LEEWAY_MS } from './access-tokens.ts';
import { createRevocations } from './revocations.ts';
import * as queries from './sessions.queries.ts';

const KEY_DAYS = 30;
const KEY_BYTES = 32;
const REFRESH_BYTES = 32;
const SWEEP_MS = 600_000;
// A token's whole life, and what a transaction may need to commit what it marked.
const REVOCATION_SECONDS = (ACCESS_LIFETIME_MS + LEEWAY_MS) / 1000 + 60;

export interface SessionsDeps {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: Logger;
  readonly members: Members;
}

export interface Tokens {
  readonly access: string;
  readonly refresh: string;
  readonly csrf: string;
  readonly byCookie: boolean;
}

export interface Sessions {
  /** Undefined where the member changed while the password was checked. */
  readonly open: (member: Member, byCookie: boolean) => Promise<Tokens | undefined>;
  /** Trades a refresh token for its one successor. A used one revokes its session. Throws `not_signed_in`. */
  readonly refresh: (token: string) => Promise<Tokens>;
  /** The session a refresh token would renew now. */
  readonly findByRefresh: (token: string) => Promise<{ sessionId: string; memberId: number } | undefined>;
  /** Its tokens, access and refresh, are dead here at once and within 1 s everywhere. */
  readonly revoke: (sessionId: string) => Promise<void>;
  /** Synchronous, by signature, time and the last poll. Throws `not_signed_in`, `unavailable` if the poll is stale. */
  readonly verifyAccess: (token: string) => Identity;
  readonly verifyCsrf: (token: string, sessionId: string) => boolean;
  /** Makes or loads the signing keys and begins to poll for revocations. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function createSessions({ db, clock, log, members }: SessionsDeps): Sessions {
  const tokens = createAccessTokens();
  const revocations = createRevocations({ clock, log, read });
  members.onTokensChanged(revocations.addMember);
  let sweep: NodeJS.Timeout | undefined;

  async function read() {
    const [sessions, changed, keys] = await Promise.all([
      queries.listRevokedSessions(db, REVOCATION_SECONDS),
      members.listChangedTokens(REVOCATION_SECONDS),
      queries.listSigningKeys(db),
    ]);
    tokens.setKeys(keys);
    return { sessions, members: changed };
  }

  const ensureKey = () => queries.ensureSigningKey(db, randomUUID(), randomBytes(KEY_BYTES), KEY_DAYS);

  function toTokens(member: Member, sessionId: string, refresh: string, byCookie: boolean): Tokens {
    const { id: memberId, actorId, roles, tokenVersion } = member;
    return {
      access: tokens.sign({ memberId, actorId, roles, tokenVersion, sessionId }),
      refresh,
      csrf: tokens.signCsrf(sessionId),
      byCookie,
    };
  }

  async function refresh(token: string): Promise<Tokens> {
    const hash = hashOf(token);
    const next = randomBytes(REFRESH_BYTES).toString('base64url');
    const found = await db.transaction(async (tx) => {
      const row = await queries.findRefreshToken(tx, hash, true);
      if (row === undefined) return undefined;
      if (row.used) {
        // Either the owner or a thief holds the successor, and nobody can tell which: both lose it.
        await queries.revokeSession(tx, row.session_id);
        return row;
      }
      if (row.alive) {
        await queries.markUsed(tx, hash);
        await queries.insertRefreshToken(tx, hashOf(next), row.session_id);
      }
      return row;
    });
    if (found?.used) revocations.addSession(found.session_id);
    if (!found?.alive || found.used) throw refreshRefused();
    const member = await members.find(found.member_id);
    if (member === undefined) throw refreshRefused();
    return toTokens(member, found.session_id, next, found.by_cookie);
  }

  return {
    open: async (member, byCookie) => {
      const token = randomBytes(REFRESH_BYTES).toString('base64url');
      const sessionId = await db.transaction(async (tx) => {
        const id = await queries.insertSession(tx, member.id, member.tokenVersion, byCookie);
        if (id !== undefined) await queries.insertRefreshToken(tx, hashOf(token), id);
        return id;
      });
      return sessionId === undefined ? undefined : toTokens(member, sessionId, token, byCookie);
    },
    refresh,
    findByRefresh: async (token) => {
      const row = await queries.findRefreshToken(db, hashOf(token), false);
      return row?.alive && !row.used ? { sessionId: row.session_id, memberId: row.member_id } : undefined;
    },
    revoke: async (sessionId) => {
      await queries.revokeSession(db, sessionId);
      revocations.addSession(sessionId);
    },
    verifyAccess: (token) => {
      const claims = tokens.verify(token);
      revocations.check(claims);
      const { tokenVersion: _, ...identity } = claims;
      return identity;
    },
    verifyCsrf: tokens.verifyCsrf,
    start: async () => {
      await ensureKey();
      await revocations.start();
      sweep = setInterval(() => {
        Promise.all([ensureKey(), queries.sweepSessions(db)]).catch((error: unknown) =>
          log.warn({ err: error }, 'expired sessions could not be swept'),
        );
      }, SWEEP_MS);
      sweep.unref();
    },
    stop: () => {
      clearInterval(sweep);
      return revocations.stop();
    },
  };
}

/** Random and 256 bits long, so a plain hash is enough: nothing can be guessed from it. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

function refreshRefused(): AppError {
  return new AppError('not_signed_in', 'The refresh token is not valid, or not any more: sign in again.');
}

import { randomBytes, randomUUID } from 'node:crypto';
import type { Db } from '../../db/pool.ts';
import type { Identity } from '../../http/authenticate.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import type { Member, Members } from '../members/index.ts';
import { ACCESS_LIFETIME_MS, type AccessTokens, createAccessTokens, LEEWAY_MS } from './access-tokens.ts';
import { findSession, type Opened, openSession, rotate } from './refresh-tokens.ts';
import { createRevocations } from './revocations.ts';
import * as queries from './sessions.queries.ts';

const KEY_DAYS = 30;
const KEY_BYTES = 32;
const SWEEP_MS = 600_000;
// A token's whole life, and what a transaction may need to commit what it marked.
const REVOCATION_SECONDS = (ACCESS_LIFETIME_MS + LEEWAY_MS) / 1000 + 60;

interface SessionsDeps {
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

export function createSessions(deps: SessionsDeps): Sessions {
  const { db, clock, log, members } = deps;
  const tokens = createAccessTokens();
  const revocations = createRevocations({ clock, log, read: () => readState(deps, tokens) });
  members.onTokensChanged(revocations.addMember);
  let sweep: NodeJS.Timeout | undefined;

  async function refresh(token: string): Promise<Tokens> {
    const rotation = await rotate(db, token);
    if (rotation.outcome === 'reused') revocations.addSession(rotation.row.session_id);
    if (rotation.outcome !== 'rotated') throw refreshRefused();
    const { row } = rotation;
    const member = await members.find(row.member_id);
    if (member === undefined) throw refreshRefused();
    return toTokens(tokens, member, { sessionId: row.session_id, refresh: rotation.refresh }, row.by_cookie);
  }

  return {
    open: async (member, byCookie) => {
      const opened = await openSession(db, member.id, member.tokenVersion, byCookie);
      return opened && toTokens(tokens, member, opened, byCookie);
    },
    refresh,
    findByRefresh: (token) => findSession(db, token),
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
      await ensureKey(db);
      await revocations.start();
      sweep = setInterval(() => {
        Promise.all([ensureKey(db), queries.sweepSessions(db)]).catch((error: unknown) =>
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

/** What every poll reads; the keys come along, so that a new one is known everywhere before it signs. */
async function readState({ db, members }: SessionsDeps, tokens: AccessTokens) {
  const [sessions, changed, keys] = await Promise.all([
    queries.listRevokedSessions(db, REVOCATION_SECONDS),
    members.listChangedTokens(REVOCATION_SECONDS),
    queries.listSigningKeys(db),
  ]);
  tokens.setKeys(keys);
  return { sessions, members: changed };
}

function ensureKey(db: Db): Promise<void> {
  return queries.ensureSigningKey(db, randomUUID(), randomBytes(KEY_BYTES), KEY_DAYS);
}

function toTokens(
  tokens: AccessTokens,
  member: Member,
  { sessionId, refresh }: Opened,
  byCookie: boolean,
): Tokens {
  const { id: memberId, actorId, roles, tokenVersion } = member;
  return {
    access: tokens.sign({ memberId, actorId, roles, tokenVersion, sessionId }),
    refresh,
    csrf: tokens.signCsrf(sessionId),
    byCookie,
  };
}

function refreshRefused(): AppError {
  return new AppError('not_signed_in', 'The refresh token is not valid, or not any more: sign in again.');
}

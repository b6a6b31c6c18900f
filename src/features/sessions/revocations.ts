import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import { type AccessClaims, notSignedIn } from './access-tokens.ts';

const POLL_MS = 400;
const BLIND_AFTER_MS = 5_000;

interface RevocationsDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Reads what was revoked within the life of an access token. */
  readonly read: () => Promise<{
    sessions: readonly string[];
    members: readonly { readonly id: number; readonly token_version: number }[];
  }>;
}

/**
 * Which access tokens are dead before their time, as far as the last poll knows. Each poll reads the whole last minutes
 * again rather than "since the last one", so a revocation that commits late is not skipped.
 */
export interface Revocations {
  /** Throws `not_signed_in` for a dead token, `unavailable` where the last poll is too old to tell. */
  readonly check: (claims: AccessClaims) => void;
  /** What this process did itself needs no poll. */
  readonly addSession: (sessionId: string) => void;
  readonly addMember: (memberId: number, tokenVersion: number) => void;
  /** Resolves after the first successful poll, rejects if that fails. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

export function createRevocations({ clock, log, read }: RevocationsDeps): Revocations {
  let sessions = new Set<string>();
  let members = new Map<number, number>();
  // Own ones since the last poll began: a read that began before them must not take them away again.
  let ownSessions: string[] = [];
  let ownMembers: [number, number][] = [];
  let polledAt = Number.NEGATIVE_INFINITY;
  const stopping = new AbortController();
  let loop: Promise<void> | undefined;

  async function poll(): Promise<void> {
    const beganAt = clock.monotonicMs();
    const [keptSessions, keptMembers] = [ownSessions, ownMembers];
    [ownSessions, ownMembers] = [[], []];
    try {
      const found = await read();
      sessions = new Set([...found.sessions, ...keptSessions, ...ownSessions]);
      members = new Map(found.members.map((member) => [member.id, member.token_version]));
      for (const [id, version] of [...keptMembers, ...ownMembers]) raise(id, version);
      polledAt = beganAt;
    } catch (error) {
      ownSessions.push(...keptSessions);
      ownMembers.push(...keptMembers);
      throw error;
    }
  }

  function raise(id: number, version: number): void {
    if ((members.get(id) ?? 0) < version) members.set(id, version);
  }

  return {
    check: (claims) => {
      if (clock.monotonicMs() - polledAt > BLIND_AFTER_MS) throw blind();
      if (sessions.has(claims.sessionId)) throw notSignedIn();
      const version = members.get(claims.memberId);
      if (version !== undefined && claims.tokenVersion < version) throw notSignedIn();
    },
    addSession: (sessionId) => {
      sessions.add(sessionId);
      ownSessions.push(sessionId);
    },
    addMember: (id, version) => {
      raise(id, version);
      ownMembers.push([id, version]);
    },
    start: async () => {
      await poll();
      loop = repeat(poll, log, stopping.signal);
    },
    stop: async () => {
      stopping.abort();
      await loop;
    },
  };
}

async function repeat(poll: () => Promise<void>, log: Logger, stopping: AbortSignal): Promise<void> {
  let failing = false;
  for (;;) {
    await sleep(POLL_MS, stopping);
    if (stopping.aborted) return;
    try {
      await poll();
      failing = false;
    } catch (error) {
      // Once a streak: `check` refuses by itself as long as it lasts.
      if (!failing) log.warn({ err: error }, 'revocations could not be read');
      failing = true;
    }
  }
}

function blind(): AppError {
  return new AppError(
    'unavailable',
    'Whether this sign-in still holds cannot be told now. Nothing was done; repeat it after Retry-After.',
  );
}

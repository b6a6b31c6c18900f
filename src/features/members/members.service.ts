import { isUniqueViolation } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import type { Role } from '../../http/authenticate.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import * as queries from './members.queries.ts';
import { createPasswords, findPasswordProblem, type Passwords } from './passwords.ts';

interface MembersDeps {
  readonly db: Db;
  /** What other features keep of a member: erased in the same transaction. */
  readonly erasures?: readonly ((tx: Db, memberId: number) => Promise<void>)[];
}

export interface Member {
  readonly id: number;
  readonly actorId: string;
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
  /** Access tokens made for an older version are refused. */
  readonly tokenVersion: number;
  /** Of one who may not sign in now; without an end: for good. */
  readonly ban: { readonly until: Date | undefined; readonly reason: string } | undefined;
}

interface Signup {
  readonly username: string;
  readonly password: string;
  readonly first_name?: string;
  readonly last_name?: string;
  readonly display_name?: string;
  readonly roles?: readonly Role[];
}

type TokensChanged = (memberId: number, tokenVersion: number) => void;

/** Who the members are. Refuses with `AppError`; `get…` with not_found. */
export interface Members {
  /** Throws `already_exists` for a taken username, `invalid` for a bad password. */
  readonly create: (signup: Signup) => Promise<Member>;
  /** The member whose name and password these are, undefined for any other; it takes the same time either way. */
  readonly checkCredentials: (username: string, password: string) => Promise<Member | undefined>;
  readonly get: (id: number) => Promise<Member>;
  readonly find: (id: number) => Promise<Member | undefined>;
  readonly findByUsername: (username: string) => Promise<Member | undefined>;
  readonly list: (limit: number, offset: number) => Promise<{ count: number; members: Member[] }>;
  readonly updateProfile: (id: number, patch: queries.ProfilePatch) => Promise<Member>;
  readonly setRoles: (id: number, roles: readonly Role[]) => Promise<Member>;
  readonly setPassword: (id: number, password: string) => Promise<void>;
  readonly erase: (id: number) => Promise<void>;
  /** First start: makes this admin unless there is one. False if nothing was to do. */
  readonly ensureAdmin: (admin: { username: string; password: string }) => Promise<boolean>;
  /** Hears of every change by this process; others hear by `listChangedTokens`. */
  readonly onTokensChanged: (listener: TokensChanged) => void;
  /** Tells of one that another feature made: a ban. */
  readonly tokensChanged: TokensChanged;
  /** Whose tokens changed in the last `seconds`, by any process. */
  readonly listChangedTokens: (seconds: number) => Promise<{ id: number; token_version: number }[]>;
}

export function createMembers({ db, erasures = [] }: MembersDeps): Members {
  const passwords = createPasswords();
  const listeners: TokensChanged[] = [];
  const tokensChanged: TokensChanged = (id, version) => {
    for (const listener of listeners) listener(id, version);
  };

  async function get(id: number): Promise<Member> {
    return toMember(orNotFound(await queries.findMember(db, id)));
  }

  async function setPassword(id: number, password: string): Promise<void> {
    const member = await get(id);
    const row = orNotFound(
      await queries.updatePassword(db, id, await hashNew(passwords, password, member.username)),
    );
    tokensChanged(id, row.token_version);
  }

  return {
    create: (signup) => create(db, passwords, signup),
    checkCredentials: async (username, password) => {
      const row = await queries.findCredential(db, username);
      return (await passwords.verify(row?.password_hash, password)) && row ? toMember(row) : undefined;
    },
    get,
    find: async (id) => optional(await queries.findMember(db, id)),
    findByUsername: async (username) => optional(await queries.findCredential(db, username)),
    list: async (limit, offset) => {
      const [count, rows] = await Promise.all([
        queries.countMembers(db),
        queries.listMembers(db, limit, offset),
      ]);
      return { count, members: rows.map(toMember) };
    },
    updateProfile: async (id, patch) => toMember(orNotFound(await queries.updateProfile(db, id, patch))),
    setRoles: async (id, roles) => {
      const row = orNotFound(await queries.updateRoles(db, id, withMember(roles)));
      tokensChanged(id, row.token_version);
      return toMember(row);
    },
    setPassword,
    erase: async (id) => {
      const row = await db.transaction(async (tx) => {
        const erased = orNotFound(await queries.eraseMember(tx, id));
        for (const erase of erasures) await erase(tx, id);
        return erased;
      });
      tokensChanged(id, row.token_version);
    },
    ensureAdmin: (admin) => ensureAdmin(db, passwords, admin),
    tokensChanged,
    onTokensChanged: (listener) => void listeners.push(listener),
    listChangedTokens: (seconds) => queries.listChangedTokens(db, seconds),
  };
}

async function ensureAdmin(
  db: Db,
  passwords: Passwords,
  admin: { username: string; password: string },
): Promise<boolean> {
  if (await queries.hasAdmin(db)) return false;
  try {
    await create(db, passwords, { ...admin, roles: ['admin'] });
    return true;
  } catch (error) {
    // Two processes start at once: the other one made it.
    if (error instanceof AppError && error.code === 'already_exists' && (await queries.hasAdmin(db)))
      return false;
    throw error;
  }
}

async function create(db: Db, passwords: Passwords, signup: Signup): Promise<Member> {
  const passwordHash = await hashNew(passwords, signup.password, signup.username);
  const firstName = signup.first_name ?? '';
  const lastName = signup.last_name ?? '';
  try {
    const row = await queries.insertMember(db, {
      username: signup.username,
      passwordHash,
      firstName,
      lastName,
      displayName: signup.display_name ?? `${firstName} ${lastName}`.trim(),
      roles: withMember(signup.roles ?? []),
    });
    return toMember(row);
  } catch (error) {
    if (isUniqueViolation(error, 'members_username')) {
      throw new AppError('already_exists', 'This username is taken.', { cause: error });
    }
    throw error;
  }
}

async function hashNew(passwords: Passwords, password: string, username: string): Promise<string> {
  const problem = findPasswordProblem(password, username);
  if (problem) throw invalid([problem]);
  return passwords.hash(password);
}

function withMember(roles: readonly Role[]): Role[] {
  return [...new Set<Role>(['member', ...roles])];
}

function orNotFound<T>(row: T | undefined): T {
  if (row === undefined) throw new AppError('not_found', 'There is no such member.');
  return row;
}

function optional(row: queries.MemberRow | undefined): Member | undefined {
  return row && toMember(row);
}

function toMember(row: queries.MemberRow): Member {
  return {
    id: row.id,
    actorId: row.actor_id,
    username: row.username,
    firstName: row.first_name,
    lastName: row.last_name,
    // Never made of the username: that is an e-mail address, and this is public.
    displayName: row.display_name || `Member ${row.id}`,
    roles: row.roles,
    tokenVersion: row.token_version,
    ban: row.banned_at ? { until: row.banned_until ?? undefined, reason: row.ban_reason ?? '' } : undefined,
  };
}

import type { Db } from '../../db/pool.ts';
import type { Role } from '../../http/authenticate.ts';

export interface MemberRow {
  readonly id: number;
  readonly actor_id: string;
  readonly username: string;
  readonly first_name: string;
  readonly last_name: string;
  readonly display_name: string;
  readonly roles: Role[];
  readonly token_version: number;
  /** Null for one who is not banned now. */
  readonly banned_at: Date | null;
  readonly banned_until: Date | null;
  readonly ban_reason: string | null;
}

export interface CredentialRow extends MemberRow {
  readonly password_hash: string;
}

export interface NewMember {
  readonly username: string;
  readonly passwordHash: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly displayName: string;
  readonly roles: readonly Role[];
}

const COLUMNS = `id, actor_id, username, first_name, last_name, display_name, roles, token_version,
  case when banned_until > now() or banned_until is null then banned_at end as banned_at, banned_until, ban_reason`;

export async function insertMember(db: Db, member: NewMember): Promise<MemberRow> {
  const [row] = await db.query<MemberRow>(
    `insert into members (username, password_hash, first_name, last_name, display_name, roles)
     values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    [
      member.username,
      member.passwordHash,
      member.firstName,
      member.lastName,
      member.displayName,
      member.roles,
    ],
  );
  return row!;
}

export async function findCredential(db: Db, username: string): Promise<CredentialRow | undefined> {
  const [row] = await db.query<CredentialRow>(
    `select ${COLUMNS}, password_hash from members where lower(username) = lower($1) and deleted_at is null`,
    [username],
    'find_credential',
  );
  return row;
}

export async function findMember(db: Db, id: number): Promise<MemberRow | undefined> {
  const [row] = await db.query<MemberRow>(
    `select ${COLUMNS} from members where id = $1 and deleted_at is null`,
    [id],
    'find_member',
  );
  return row;
}

export async function listMembers(db: Db, limit: number, offset: number): Promise<MemberRow[]> {
  return db.query<MemberRow>(
    `select ${COLUMNS} from members where deleted_at is null order by id desc limit $1 offset $2`,
    [limit, offset],
  );
}

export async function countMembers(db: Db): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    'select count(*) as count from members where deleted_at is null',
  );
  return row!.count;
}

export async function hasAdmin(db: Db): Promise<boolean> {
  const rows = await db.query(
    `select 1 from members where 'admin' = any(roles) and deleted_at is null limit 1`,
  );
  return rows.length > 0;
}

export interface ProfilePatch {
  readonly first_name?: string;
  readonly last_name?: string;
  readonly display_name?: string;
}

export async function updateProfile(db: Db, id: number, patch: ProfilePatch): Promise<MemberRow | undefined> {
  const [row] = await db.query<MemberRow>(
    `update members set first_name = coalesce($2, first_name), last_name = coalesce($3, last_name),
       display_name = coalesce($4, display_name)
     where id = $1 and deleted_at is null returning ${COLUMNS}`,
    [id, patch.first_name ?? null, patch.last_name ?? null, patch.display_name ?? null],
  );
  return row;
}

/** Access tokens that name the old roles are refused from now on; the session goes on. */
export async function updateRoles(
  db: Db,
  id: number,
  roles: readonly Role[],
): Promise<MemberRow | undefined> {
  const [row] = await db.query<MemberRow>(
    `update members set roles = $2, token_version = token_version + 1, tokens_changed_at = clock_timestamp()
     where id = $1 and deleted_at is null returning ${COLUMNS}`,
    [id, roles],
  );
  return row;
}

/** Ends every session of the member. */
export async function updatePassword(db: Db, id: number, hash: string): Promise<MemberRow | undefined> {
  const [row] = await db.query<MemberRow>(
    `update members set password_hash = $2, token_version = token_version + 1,
       tokens_changed_at = clock_timestamp(), sessions_valid_from = clock_timestamp()
     where id = $1 and deleted_at is null returning ${COLUMNS}`,
    [id, hash],
  );
  return row;
}

/** Leaves the row for what the member wrote, and nothing that tells who it was. Ends every session. */
export async function eraseMember(db: Db, id: number): Promise<{ token_version: number } | undefined> {
  const [row] = await db.query<{ token_version: number }>(
    `update members set username = null, password_hash = null, first_name = '', last_name = '', display_name = '',
       roles = '{}', actor_id = gen_random_uuid(), deleted_at = now(), banned_at = null, banned_until = null, ban_reason = null, token_version = token_version + 1,
       tokens_changed_at = clock_timestamp(), sessions_valid_from = clock_timestamp()
     where id = $1 and deleted_at is null returning token_version`,
    [id],
  );
  return row;
}

/** Whose tokens changed in the last `seconds`, for the revocation poll. */
export function listChangedTokens(db: Db, seconds: number): Promise<{ id: number; token_version: number }[]> {
  return db.query(
    'select id, token_version from members where tokens_changed_at > now() - make_interval(secs => $1)',
    [seconds],
    'list_changed_tokens',
  );
}

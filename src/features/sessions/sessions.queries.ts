import type { Db } from '../../db/pool.ts';

export interface RefreshRow {
  readonly session_id: string;
  readonly member_id: number;
  readonly by_cookie: boolean;
  readonly used: boolean;
  /** Of token and session: neither expired nor revoked, and the member did not end all sessions since. */
  readonly alive: boolean;
}

/** Opens a session for the very member whose password was checked: undefined if password or roles changed since. */
export async function insertSession(
  db: Db,
  memberId: number,
  tokenVersion: number,
  byCookie: boolean,
): Promise<string | undefined> {
  const [row] = await db.query<{ id: string }>(
    `insert into sessions (member_id, by_cookie)
     select id, $3 from members where id = $1 and token_version = $2 and deleted_at is null for share
     returning id`,
    [memberId, tokenVersion, byCookie],
  );
  return row?.id;
}

export async function insertRefreshToken(db: Db, hash: Buffer, sessionId: string): Promise<void> {
  await db.query(
    `insert into refresh_tokens (hash, session_id, expires_at)
     select $1, id, least(expires_at, now() + interval '7 days') from sessions where id = $2`,
    [hash, sessionId],
  );
}

/** With `lock`, whoever else rotates the same token waits until this transaction ends. */
export async function findRefreshToken(db: Db, hash: Buffer, lock: boolean): Promise<RefreshRow | undefined> {
  const [row] = await db.query<RefreshRow>(
    `select t.session_id, s.member_id, s.by_cookie, t.used_at is not null as used,
       t.expires_at > now() and s.expires_at > now() and s.revoked_at is null
         and m.deleted_at is null and s.created_at > m.sessions_valid_from as alive
     from refresh_tokens t join sessions s on s.id = t.session_id join members m on m.id = s.member_id
     where t.hash = $1 ${lock ? 'for update of t, s' : ''}`,
    [hash],
  );
  return row;
}

export async function markUsed(db: Db, hash: Buffer): Promise<void> {
  await db.query('update refresh_tokens set used_at = now() where hash = $1', [hash]);
}

export async function revokeSession(db: Db, sessionId: string): Promise<void> {
  await db.query('update sessions set revoked_at = clock_timestamp() where id = $1 and revoked_at is null', [
    sessionId,
  ]);
}

/** Sessions that ended early in the last `seconds`, for the revocation poll. */
export async function listRevokedSessions(db: Db, seconds: number): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'select id from sessions where revoked_at > now() - make_interval(secs => $1)',
    [seconds],
    'list_revoked_sessions',
  );
  return rows.map((row) => row.id);
}

/** Removes some sessions that are over for a day, their refresh tokens with them. */
export async function sweepSessions(db: Db): Promise<void> {
  await db.query(
    `delete from sessions where id in (
       select id from sessions where expires_at < now() - interval '1 day' limit 1000)`,
  );
}

export interface KeyRow {
  readonly kid: string;
  readonly secret: Buffer;
  readonly age_ms: number;
}

/** The newest first. */
export function listSigningKeys(db: Db): Promise<KeyRow[]> {
  return db.query<KeyRow>(
    `select kid, secret, (extract(epoch from now() - created_at) * 1000)::float8 as age_ms
     from signing_keys order by created_at desc limit 2`,
    [],
    'list_signing_keys',
  );
}

/** Adds a key if the newest is older than `days` (or none is there), and keeps two. Processes that start at once add one. */
export async function ensureSigningKey(db: Db, kid: string, secret: Buffer, days: number): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(7366004)');
    await tx.query(
      `insert into signing_keys (kid, secret)
       select $1, $2 where not exists (
         select 1 from signing_keys where created_at > now() - make_interval(days => $3))`,
      [kid, secret, days],
    );
    await tx.query(
      `delete from signing_keys where kid not in (
         select kid from signing_keys order by created_at desc limit 2)`,
    );
  });
}

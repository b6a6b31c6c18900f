import type { Db } from '../../db/pool.ts';

/** Ends all sessions too. Undefined: no such member. `until` null: for good. */
export async function banMember(
  tx: Db,
  memberId: number,
  until: Date | undefined,
  reason: string,
): Promise<number | undefined> {
  const [row] = await tx.query<{ token_version: number }>(
    `update members set banned_at = now(), banned_until = $2, ban_reason = $3, token_version = token_version + 1,
       tokens_changed_at = clock_timestamp(), sessions_valid_from = clock_timestamp()
     where id = $1 and deleted_at is null and not 'admin' = any(roles) returning token_version`,
    [memberId, until ?? null, reason],
  );
  return row?.token_version;
}

export async function unbanMember(tx: Db, memberId: number): Promise<boolean> {
  const rows = await tx.query(
    `update members set banned_at = null, banned_until = null, ban_reason = null
     where id = $1 and banned_at is not null returning 1`,
    [memberId],
  );
  return rows.length > 0;
}

export async function hasMember(db: Db, memberId: number): Promise<boolean> {
  const rows = await db.query('select 1 from members where id = $1 and deleted_at is null', [memberId]);
  return rows.length > 0;
}

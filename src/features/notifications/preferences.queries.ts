import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';

export interface PreferencesRow {
  /** `type:channel` of what is not wanted. */
  readonly off: readonly string[];
  readonly own_acts: boolean;
  readonly digest: 'off' | 'daily' | 'weekly';
  readonly language: 'ko' | 'en';
  /** `HH:MM`; both or none. */
  readonly quiet_from: string | null;
  readonly quiet_to: string | null;
  readonly time_zone: string;
  readonly ads: boolean;
  readonly ads_night: boolean;
}

export const DEFAULTS: PreferencesRow = {
  off: [],
  own_acts: true,
  digest: 'off',
  language: 'ko',
  quiet_from: null,
  quiet_to: null,
  time_zone: 'Asia/Seoul',
  ads: false,
  ads_night: false,
};

export async function findPreferences(db: Db, memberId: number): Promise<PreferencesRow> {
  const [row] = await db.query<PreferencesRow>(
    `select off, own_acts, digest, language, to_char(quiet_from, 'HH24:MI') as quiet_from,
       to_char(quiet_to, 'HH24:MI') as quiet_to, time_zone,
       ads_since is not null as ads, ads_night_since is not null as ads_night
     from notification_preferences where member_id = $1`,
    [memberId],
    'find_preferences',
  );
  return row ?? DEFAULTS;
}

/** A consent keeps the instant at which it was given; withdrawn, it is gone. */
export async function savePreferences(db: Db, memberId: number, row: PreferencesRow): Promise<void> {
  await db.query(
    `insert into notification_preferences as p (member_id, off, own_acts, digest, language, quiet_from, quiet_to,
       time_zone, ads_since, ads_night_since)
     values ($1, $2, $3, $4, $5, $6, $7, $8, case when $9 then now() end, case when $10 then now() end)
     on conflict (member_id) do update set off = excluded.off, own_acts = excluded.own_acts, digest = excluded.digest,
       language = excluded.language, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,
       time_zone = excluded.time_zone,
       ads_since = case when $9 then coalesce(p.ads_since, now()) end,
       ads_night_since = case when $10 then coalesce(p.ads_night_since, now()) end`,
    [
      memberId,
      row.off,
      row.own_acts,
      row.digest,
      row.language,
      row.quiet_from,
      row.quiet_to,
      row.time_zone,
      row.ads,
      row.ads_night,
    ],
  );
}

export async function listMutedPosts(db: Db, memberId: number): Promise<number[]> {
  const rows = await db.query<{ post_id: number }>(
    'select post_id from muted_posts where member_id = $1 order by post_id',
    [memberId],
  );
  return rows.map((row) => row.post_id);
}

/** False where there is no such post. */
export async function mutePost(db: Db, memberId: number, postId: number): Promise<boolean> {
  const rows = await db.query(
    `with post as (select id from posts where id = $2 and not is_draft),
     muted as (insert into muted_posts (member_id, post_id) select $1, id from post on conflict do nothing)
     select 1 from post`,
    [memberId, postId],
  );
  return rows.length > 0;
}

export async function unmutePost(db: Db, memberId: number, postId: number): Promise<void> {
  await db.query('delete from muted_posts where member_id = $1 and post_id = $2', [memberId, postId]);
}

/** Everything that this feature keeps of a member; what left the inbox before, by a job. */
export async function eraseNotifications(tx: Db, memberId: number): Promise<void> {
  for (const table of [
    'notifications',
    'notification_groups',
    'inboxes',
    'notification_preferences',
    'muted_posts',
  ])
    await tx.query(`delete from ${table} where member_id = $1`, [memberId]);
  await enqueue(tx, [{ kind: 'erase-history', payload: { member_id: memberId } }]);
}

import type { Db } from '../../db/pool.ts';

/** A member's hour of the day at which digests go out; weekly ones on Mondays. */
const HOUR = 8;

/**
 * A job for each member whose hour it is now and who had no digest of it yet; `until` bounds what it tells. Returns how many.
 * Called for the same hour again it makes none: the jobs have keys, and what is sent moves `digest_to`.
 */
export async function planDigests(db: Db, until: Date): Promise<number> {
  const [row] = await db.query<{ planned: number }>(
    `with due as (
       select p.member_id from notification_preferences p join members m on m.id = p.member_id
       where p.digest <> 'off' and m.deleted_at is null and p.digest_to < $1
         and extract(hour from $1::timestamptz at time zone p.time_zone) = ${HOUR}
         and (p.digest = 'daily' or extract(isodow from $1::timestamptz at time zone p.time_zone) = 1)
     ), planned as (
       insert into jobs (kind, payload, key)
       select 'send-digest', jsonb_build_object('member_id', member_id, 'until', $2::text), member_id || ' ' || $2::text
       from due order by member_id on conflict do nothing returning 1
     )
     select count(*)::int as planned from planned`,
    [until, until.toISOString()],
  );
  return row!.planned;
}

export interface DigestLine {
  readonly type: 'post' | 'comment' | 'reply' | 'mention';
  readonly post_id: number;
  readonly board_id: number;
  readonly post_title: string;
  readonly people: number;
  readonly names: readonly string[];
}

export interface DigestReader {
  readonly address: string;
  readonly language: 'ko' | 'en';
  readonly lines: readonly DigestLine[];
  /** Further ones that the digest only counts. */
  readonly more: number;
}

const MOST_LINES = 20;

/** What is unread of (the last digest, until], and wanted by e-mail; undefined where it was sent already or is not wanted. */
export async function readDigest(db: Db, memberId: number, until: Date): Promise<DigestReader | undefined> {
  const [reader] = await db.query<{ address: string; language: 'ko' | 'en'; off: string[]; digest_to: Date }>(
    `select m.username as address, p.language, p.off, p.digest_to
     from notification_preferences p join members m on m.id = p.member_id
     where p.member_id = $1 and p.digest <> 'off' and p.digest_to < $2 and m.deleted_at is null`,
    [memberId, until],
  );
  if (!reader) return undefined;
  const lines = await db.query<DigestLine>(
    `select n.type, n.post_id, p.board_id, p.title as post_title, count(distinct n.actor_id)::int as people,
       array_agg(coalesce(nullif(m.display_name, ''), 'Member ' || m.id, '') order by n.place desc) as names
     from notifications n
     join posts p on p.id = n.post_id and not p.is_deleted and p.hidden_at is null
     left join members m on m.id = n.actor_id and m.deleted_at is null
     where n.member_id = $1 and n.read_at is null and n.created_at > $2 and n.created_at <= $3
       and not n.type || ':email' = any($4::text[])
     group by n.group_id, n.type, n.post_id, p.board_id, p.title
     order by max(n.place) desc`,
    [memberId, reader.digest_to, until, reader.off],
  );
  const { address, language } = reader;
  return {
    address,
    language,
    lines: lines.slice(0, MOST_LINES),
    more: Math.max(0, lines.length - MOST_LINES),
  };
}

export async function noteDigest(db: Db, memberId: number, until: Date): Promise<void> {
  await db.query(
    'update notification_preferences set digest_to = $2 where member_id = $1 and digest_to < $2',
    [memberId, until],
  );
}

export async function turnDigestOff(db: Db, memberId: number): Promise<void> {
  await db.query(`update notification_preferences set digest = 'off' where member_id = $1`, [memberId]);
}

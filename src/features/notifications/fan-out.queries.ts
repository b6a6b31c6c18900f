import type { Db } from '../../db/pool.ts';
import type { Cause, NotificationType } from './notification.ts';

export interface CauseRow {
  readonly post_id: number;
  readonly board_id: number;
  readonly comment_id: number | null;
  readonly actor_id: number;
  readonly post_author_id: number;
  readonly parent_author_id: number | null;
  readonly content: string;
}

/** A post as the public sees it; undefined where it may not be told of (any more). */
export async function findPostCause(db: Db, postId: number): Promise<CauseRow | undefined> {
  const [row] = await db.query<CauseRow>(
    `select p.id as post_id, p.board_id, null as comment_id, p.author_id as actor_id, p.author_id as post_author_id,
       null as parent_author_id, p.content
     from posts p where p.id = $1 and not p.is_draft and not p.is_deleted and p.hidden_at is null`,
    [postId],
    'find_post_cause',
  );
  return row;
}

/** A comment as the public sees it, on a post that it sees. */
export async function findCommentCause(db: Db, commentId: number): Promise<CauseRow | undefined> {
  const [row] = await db.query<CauseRow>(
    `select c.post_id, p.board_id, c.id as comment_id, c.author_id as actor_id, p.author_id as post_author_id,
       parent.author_id as parent_author_id, c.content
     from comments c join posts p on p.id = c.post_id left join comments parent on parent.id = c.parent_id
     where c.id = $1 and not c.is_deleted and c.hidden_at is null
       and not p.is_draft and not p.is_deleted and p.hidden_at is null`,
    [commentId],
    'find_comment_cause',
  );
  return row;
}

/** Authors of this comment and of those before it on the post. */
export async function listCommenters(db: Db, postId: number, commentId: number): Promise<number[]> {
  const rows = await db.query<{ author_id: number }>(
    'select distinct author_id from comments where post_id = $1 and id <= $2 and not is_deleted',
    [postId, commentId],
    'list_commenters',
  );
  return rows.map((row) => row.author_id);
}

/** Of these members those who are there, may read the board, did not mute the post, and want to hear of it. */
export async function keepWilling(
  db: Db,
  cause: Cause,
  recipients: readonly (readonly [number, NotificationType])[],
): Promise<(readonly [number, NotificationType])[]> {
  const rows = await db.query<{ member_id: number; type: NotificationType }>(
    `select told.member_id, told.type
     from unnest($1::bigint[], $2::text[]) as told(member_id, type)
     join members m on m.id = told.member_id and m.deleted_at is null
     join boards b on b.id = $4
     left join notification_preferences pref on pref.member_id = m.id
     where not coalesce(told.type || ':inbox' = any(pref.off), false)
       and (m.id <> $5 or coalesce(pref.own_acts, true))
       and not exists (select 1 from muted_posts where muted_posts.member_id = m.id and muted_posts.post_id = $3)
       and (b.read_role in ('anyone', 'member') or b.read_role = any(m.roles) or 'admin' = any(m.roles)
         or exists (select 1 from board_moderators bm where bm.board_id = b.id and bm.member_id = m.id))
     order by told.member_id`,
    [
      recipients.map(([id]) => id),
      recipients.map(([, type]) => type),
      cause.postId,
      cause.boardId,
      cause.actorId,
    ],
    'keep_willing',
  );
  return rows.map((row) => [row.member_id, row.type]);
}

/**
 * Writes what is not there yet, each inbox its next place, and a job for each device that is to hear of it: one statement.
 * Inboxes are locked in the order of their members, so that two of these never wait for each other in a circle. Returns how
 * many were written. Where two write the same at once the later one fails on `notifications_cause`, whole.
 */
export async function insertNotifications(
  db: Db,
  cause: Cause,
  recipients: readonly (readonly [number, NotificationType])[],
): Promise<number> {
  const [row] = await db.query<{ written: number }>(
    `with told as materialized (
       select t.member_id, t.type from unnest($1::bigint[], $2::text[]) as t(member_id, type)
       where not exists (
         select 1 from notifications n
         where n.member_id = t.member_id and n.post_id = $3 and coalesce(n.comment_id, 0) = coalesce($4::bigint, 0))
       order by t.member_id
     ), placed as (
       insert into inboxes as i (member_id, last_place, unread)
       select member_id, 1, 1 from told order by member_id
       on conflict (member_id) do update set last_place = i.last_place + 1, unread = i.unread + 1
       returning member_id, last_place as place
     ), grouped as (
       insert into notification_groups as g (member_id, type, post_id, last_place)
       select told.member_id, told.type, $3, placed.place from told join placed using (member_id)
       order by told.member_id
       on conflict (member_id, type, post_id) where is_open
         do update set last_place = excluded.last_place, updated_at = now()
       returning id, member_id, type
     ), written as (
       insert into notifications (member_id, place, group_id, post_id, comment_id, actor_id, type)
       select placed.member_id, placed.place, grouped.id, $3, $4::bigint, $5, grouped.type
       from placed join grouped using (member_id)
       returning id, member_id, type
     ), pushed as (
       insert into jobs (kind, payload)
       select 'send-push', jsonb_build_object('notification_id', written.id, 'device_id', d.id)
       from written join devices d using (member_id)
       left join notification_preferences pref using (member_id)
       where not coalesce(written.type || ':push' = any(pref.off), false)
     )
     select count(*) as written from written`,
    [
      recipients.map(([id]) => id),
      recipients.map(([, type]) => type),
      cause.postId,
      cause.commentId ?? null,
      cause.actorId,
    ],
    'insert_notifications',
  );
  return row!.written;
}

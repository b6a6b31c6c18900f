import type { Db } from '../../db/pool.ts';
import type { PastNotification } from '../../ports/notification-history.ts';

/** How long a notification stays in the inbox. */
export const INBOX_DAYS = 90;

/** The oldest of those past their days. */
export function listPast(db: Db, limit: number): Promise<PastNotification[]> {
  return db.query<PastNotification>(
    `select id, member_id, place, type, post_id, comment_id, actor_id, created_at, read_at, note from notifications
     where created_at < now() - interval '${INBOX_DAYS} days' order by created_at limit $1`,
    [limit],
  );
}

/** Takes them out of inboxes, unread ones out of their count, and groups that are empty then. */
export async function removePast(db: Db, ids: readonly number[]): Promise<void> {
  await db.transaction(async (tx) => {
    // In the order of whoever adds, so that the two never wait for each other in a circle.
    await tx.query(
      `select 1 from inboxes where member_id in (select member_id from notifications where id = any($1::bigint[]))
       order by member_id for update`,
      [ids],
    );
    await tx.query(
      `with gone as (
         delete from notifications where id = any($1::bigint[]) returning member_id, group_id, read_at
       ), counted as (
         update inboxes i set unread = i.unread - n.unread
         from (select member_id, count(*) filter (where read_at is null) as unread from gone group by member_id) n
         where i.member_id = n.member_id and n.unread > 0
       )
       delete from notification_groups g using (select distinct group_id from gone) n
       where g.id = n.group_id and not exists (
         select from notifications o where o.group_id = g.id and o.id <> all($1::bigint[]))`,
      [ids],
    );
  });
}

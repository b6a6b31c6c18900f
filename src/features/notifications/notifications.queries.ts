import type { Db } from '../../db/pool.ts';
import type { InboxType } from './notification.ts';

export interface NotificationRow {
  readonly id: number;
  readonly place: number;
  readonly member_id: number;
  readonly type: InboxType;
  readonly post_id: number;
  readonly comment_id: number | null;
  readonly actor_id: number;
  readonly created_at: Date;
  readonly read_at: Date | null;
  /** What a warning says; else empty. */
  readonly note: string;
}

/** A row with what a person reads of it. A post that is gone has neither board nor title, a deleted member no name. */
export interface ShownNotification extends NotificationRow {
  readonly board_id: number | null;
  readonly post_title: string | null;
  readonly actor_username: string | null;
  readonly actor_name: string | null;
}

const COLUMNS =
  'n.id, n.place, n.member_id, n.type, n.post_id, n.comment_id, n.actor_id, n.created_at, n.read_at, n.note';

export interface ListFilter {
  readonly memberId: number;
  /** Only older than this place; with `after` only newer, the nearest first. */
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly unread: boolean;
  readonly limit: number;
}

/** Newest first, whichever end was asked for. */
export async function listNotifications(db: Db, filter: ListFilter): Promise<NotificationRow[]> {
  const up = filter.after !== undefined;
  const rows = await db.query<NotificationRow>(
    `select ${COLUMNS} from notifications n
     where n.member_id = $1 and n.place < $2 and n.place > $3 and (not $4 or n.read_at is null)
     order by n.place ${up ? 'asc' : 'desc'} limit $5`,
    [
      filter.memberId,
      filter.before ?? Number.MAX_SAFE_INTEGER,
      filter.after ?? 0,
      filter.unread,
      filter.limit,
    ],
    up ? 'list_newer_notifications' : 'list_notifications',
  );
  return up ? rows.reverse() : rows;
}

/** Adds what people read, in one query; the order stays. */
export async function showNotifications(
  db: Db,
  rows: readonly NotificationRow[],
): Promise<ShownNotification[]> {
  if (rows.length === 0) return [];
  const found = await db.query<{
    at: number;
    board_id: number | null;
    post_title: string | null;
    actor_username: string | null;
    actor_name: string | null;
  }>(
    `select row.at, p.board_id, p.title as post_title, m.username as actor_username, coalesce(nullif(m.display_name, ''), 'Member ' || m.id) as actor_name
     from unnest($1::bigint[], $2::bigint[]) with ordinality as row(post_id, actor_id, at)
     left join posts p on p.id = row.post_id and not p.is_deleted and p.hidden_at is null
     left join members m on m.id = row.actor_id and m.deleted_at is null`,
    [rows.map((row) => row.post_id), rows.map((row) => row.actor_id)],
    'show_notifications',
  );
  const byPlace = new Map(found.map(({ at, ...shown }) => [at, shown]));
  return rows.map((row, at) => ({ ...row, ...byPlace.get(at + 1)! }));
}

export async function findNotification(db: Db, id: number): Promise<NotificationRow | undefined> {
  const [row] = await db.query<NotificationRow>(
    `select ${COLUMNS} from notifications n where n.id = $1`,
    [id],
    'find_notification',
  );
  return row;
}

/** Where a notification stands in the member's inbox; undefined where it is not in it. */
export async function findPlace(db: Db, memberId: number, id: number): Promise<number | undefined> {
  const [row] = await db.query<{ place: number }>(
    'select place from notifications where id = $1 and member_id = $2',
    [id, memberId],
    'find_place',
  );
  return row?.place;
}

export async function countUnread(db: Db, memberId: number): Promise<number> {
  const [row] = await db.query<{ unread: number }>(
    'select unread from inboxes where member_id = $1',
    [memberId],
    'count_unread',
  );
  return row?.unread ?? 0;
}

/** Returns the row as it is then; undefined where it is not the member's. The inbox is locked first, as by who adds. */
export function markRead(db: Db, memberId: number, id: number): Promise<NotificationRow | undefined> {
  return db.transaction(async (tx) => {
    await lockInbox(tx, memberId);
    const [fresh] = await tx.query<{ group_id: number }>(
      `update notifications set read_at = now() where id = $1 and member_id = $2 and read_at is null
       returning group_id`,
      [id, memberId],
    );
    if (fresh) {
      await tx.query('update inboxes set unread = unread - 1 where member_id = $1', [memberId]);
      await tx.query(
        `update notification_groups set is_open = false
         where id = $1 and not exists (select 1 from notifications where group_id = $1 and read_at is null)`,
        [fresh.group_id],
      );
    }
    const [row] = await tx.query<NotificationRow>(
      `select ${COLUMNS} from notifications n where n.id = $1 and n.member_id = $2`,
      [id, memberId],
    );
    return row;
  });
}

/** Those that come meanwhile stay unread. Returns how many were read. */
export function markAllRead(db: Db, memberId: number): Promise<number> {
  return db.transaction(async (tx) => {
    await lockInbox(tx, memberId);
    const rows = await tx.query(
      'update notifications set read_at = now() where member_id = $1 and read_at is null returning 1',
      [memberId],
    );
    await tx.query('update inboxes set unread = 0 where member_id = $1', [memberId]);
    await tx.query('update notification_groups set is_open = false where member_id = $1 and is_open', [
      memberId,
    ]);
    return rows.length;
  });
}

async function lockInbox(tx: Db, memberId: number): Promise<void> {
  await tx.query('select 1 from inboxes where member_id = $1 for update', [memberId], 'lock_inbox');
}

export interface GroupRow {
  readonly id: number;
  readonly type: InboxType;
  readonly post_id: number;
  readonly last_place: number;
  readonly updated_at: Date;
  readonly board_id: number | null;
  readonly post_title: string | null;
  readonly people: number;
  readonly unread: number;
  readonly note: string;
  /** The latest actors, the last one first; names are null once the member is deleted. */
  readonly actors: readonly {
    readonly id: number;
    readonly username: string | null;
    readonly name: string | null;
  }[];
}

/** Groups older than a place, the latest first. */
export function listGroups(
  db: Db,
  memberId: number,
  before: number | undefined,
  limit: number,
): Promise<GroupRow[]> {
  return db.query<GroupRow>(
    `select g.id, g.type, g.post_id, g.last_place, g.updated_at, p.board_id, p.title as post_title,
       counted.people, counted.unread, coalesce(latest.actors, '[]') as actors,
       coalesce((select note from notifications n where n.group_id = g.id order by n.place desc limit 1), '') as note
     from notification_groups g
     left join posts p on p.id = g.post_id and not p.is_deleted and p.hidden_at is null
     cross join lateral (
       select count(distinct actor_id)::int as people, (count(*) filter (where read_at is null))::int as unread
       from notifications n where n.group_id = g.id
     ) as counted
     cross join lateral (
       select json_agg(json_build_object('id', one.actor_id, 'username', m.username, 'name', coalesce(nullif(m.display_name, ''), 'Member ' || m.id))
         order by one.place desc) as actors
       from (
         select actor_id, max(place) as place from notifications n where n.group_id = g.id
         group by actor_id order by max(place) desc limit 3
       ) as one left join members m on m.id = one.actor_id and m.deleted_at is null
     ) as latest
     where g.member_id = $1 and g.last_place < $2 and counted.people > 0
     order by g.last_place desc limit $3`,
    [memberId, before ?? Number.MAX_SAFE_INTEGER, limit],
    'list_notification_groups',
  );
}

/** The last place given in each of these inboxes. */
export async function readLastPlaces(
  db: Db,
  memberIds: readonly number[],
): Promise<ReadonlyMap<number, { readonly place: number; readonly unread: number }>> {
  const rows = await db.query<{ member_id: number; last_place: number; unread: number }>(
    'select member_id, last_place, unread from inboxes where member_id = any($1::bigint[])',
    [memberIds],
    'read_last_places',
  );
  return new Map(rows.map((row) => [row.member_id, { place: row.last_place, unread: row.unread }]));
}

/** Each warning is one of its own: `cause` is the number of its row in the audit log. */
export async function insertWarning(
  tx: Db,
  memberId: number,
  warning: { readonly actorId: number; readonly cause: number; readonly note: string },
): Promise<void> {
  await tx.query(
    `with placed as (
       insert into inboxes as i (member_id, last_place, unread) values ($1, 1, 1)
       on conflict (member_id) do update set last_place = i.last_place + 1, unread = i.unread + 1
       returning last_place as place
     ), grouped as (
       insert into notification_groups (member_id, type, post_id, last_place)
       select $1, 'warning', -$3::bigint, place from placed returning id, last_place
     )
     insert into notifications (member_id, place, group_id, post_id, actor_id, type, note)
     select $1, last_place, id, -$3::bigint, $2, 'warning', $4 from grouped`,
    [memberId, warning.actorId, warning.cause, warning.note],
  );
}

import type { Db } from '../../db/pool.ts';

export interface BookmarkRow {
  readonly id: number;
  readonly post_id: number;
  readonly board_id: number;
  readonly title: string;
  readonly created_at: Date;
}

export async function addBookmark(db: Db, memberId: number, postId: number): Promise<void> {
  await db.query('insert into bookmarks (member_id, post_id) values ($1, $2) on conflict do nothing', [
    memberId,
    postId,
  ]);
}

export async function removeBookmark(db: Db, memberId: number, postId: number): Promise<void> {
  await db.query('delete from bookmarks where member_id = $1 and post_id = $2', [memberId, postId]);
}

/** Newest first, without posts that are gone. */
export function listBookmarks(
  db: Db,
  memberId: number,
  before: number | undefined,
  limit: number,
): Promise<BookmarkRow[]> {
  return db.query<BookmarkRow>(
    `select k.id, k.post_id, p.board_id, p.title, k.created_at
     from bookmarks k join posts p on p.id = k.post_id and not p.is_deleted and p.hidden_at is null
     join boards b on b.id = p.board_id and b.deleted_at is null
     where k.member_id = $1 and k.id < $2 order by k.id desc limit $3`,
    [memberId, before ?? Number.MAX_SAFE_INTEGER, limit],
    'list_bookmarks',
  );
}

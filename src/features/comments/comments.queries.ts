import type { Db } from '../../db/pool.ts';

/** A comment in any state, with what is shown beside it. */
export interface CommentRow {
  readonly id: number;
  readonly post_id: number;
  readonly parent_id: number | null;
  readonly author_id: number;
  readonly replies: number;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly is_deleted: boolean;
  readonly hidden_at: Date | null;
  readonly content: string;
  readonly content_html: string;
  /** Empty for a deleted member. */
  readonly username: string;
  readonly display_name: string;
}

const COLUMNS = `c.id, c.post_id, c.parent_id, c.author_id, c.replies, c.version, c.created_at, c.updated_at,
  c.is_deleted, c.hidden_at, c.content, c.content_html, coalesce(m.username, '') as username,
  case when m.deleted_at is not null then 'deleted member'
    else coalesce(nullif(m.display_name, ''), 'Member ' || m.id) end as display_name`;

export async function findComment(db: Db, postId: number, id: number): Promise<CommentRow | undefined> {
  const [row] = await db.query<CommentRow>(
    `select ${COLUMNS} from comments c join members m on m.id = c.author_id where c.id = $1 and c.post_id = $2`,
    [id, postId],
    'find_comment',
  );
  return row;
}

/** A page of the roots of a post, or of the replies of one of them. */
export interface PageOf {
  readonly postId: number;
  readonly parentId: number | undefined;
  readonly limit: number;
  readonly offset: number;
}

export interface PageRow {
  /** Whole pages; undefined where the post, or the parent on it, is not shown. */
  readonly count: number | undefined;
  readonly rows: readonly CommentRow[];
}

/** Several pages in one statement, the oldest comment first. A deleted root stays for as long as it has replies. */
export async function listComments(db: Db, pages: readonly PageOf[]): Promise<PageRow[]> {
  const rows = await db.query<CommentRow & { at: number; count: number | null }>(
    `select q.at::int as at, counted.count, page.*
     from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
       with ordinality as q(post_id, parent_id, page_size, skipped, at)
     left join lateral (
       select case when q.parent_id is null
         then (select count(*) from comments r where r.post_id = q.post_id and r.parent_id is null
           and (not r.is_deleted and r.hidden_at is null or r.replies > 0))
         else (select count(*) from comments r where r.parent_id = q.parent_id and not r.is_deleted and r.hidden_at is null)
         end as count
       where exists (select from posts p where p.id = q.post_id and not p.is_draft and not p.is_deleted and p.hidden_at is null)
         and (q.parent_id is null or exists (select from comments c where c.id = q.parent_id and c.post_id = q.post_id
           and c.parent_id is null and (not c.is_deleted and c.hidden_at is null or c.replies > 0)))
     ) as counted on true
     left join lateral (
       select ${COLUMNS} from (
         (select * from comments r where q.parent_id is null and r.post_id = q.post_id and r.parent_id is null
            and (not r.is_deleted and r.hidden_at is null or r.replies > 0)
          order by r.id limit q.page_size offset q.skipped)
         union all
         (select * from comments r where q.parent_id is not null and r.parent_id = q.parent_id
            and not r.is_deleted and r.hidden_at is null
          order by r.id limit q.page_size offset q.skipped)
       ) as c join members m on m.id = c.author_id
       where counted.count is not null
     ) as page on true
     order by q.at, page.id`,
    [
      pages.map((page) => page.postId),
      pages.map((page) => page.parentId ?? null),
      pages.map((page) => page.limit),
      pages.map((page) => page.offset),
    ],
    'list_comments',
  );
  const found: { count: number | undefined; rows: CommentRow[] }[] = pages.map(() => ({
    count: undefined,
    rows: [],
  }));
  for (const { at, count, ...row } of rows) {
    const page = found[at - 1]!;
    page.count = count ?? undefined;
    if (row.id !== null) page.rows.push(row);
  }
  return found;
}

export interface ChangedComment {
  /** Before the change. */
  readonly version: number;
  /** Undefined: the version was another than expected, and nothing was changed. */
  readonly comment: CommentRow | undefined;
}

/** `versions`: those that may be changed; undefined: any. Undefined where it is deleted, hidden, or not there. */
export async function editComment(
  db: Db,
  postId: number,
  id: number,
  versions: readonly number[] | undefined,
  text: { readonly content: string; readonly contentHtml: string; readonly held: boolean },
): Promise<ChangedComment | undefined> {
  const [row] = await db.query<CommentRow & { old_version: number }>(
    `with old as materialized (
       select id, version from comments
       where id = $1 and post_id = $2 and not is_deleted and hidden_at is null for no key update
     ), changed as (
       update comments c set content = $4, content_html = $5, version = old.version + 1, updated_at = now(),
         hidden_at = case when $6 then now() end
       from old where c.id = old.id and ($3::bigint[] is null or old.version = any($3)) returning c.*
     )
     select old.version as old_version, shown.* from old
     left join (select ${COLUMNS} from changed c join members m on m.id = c.author_id) as shown on shown.id = old.id`,
    [id, postId, versions ?? null, text.content, text.contentHtml, text.held],
    'edit_comment',
  );
  if (!row) return undefined;
  const { old_version: version, ...comment } = row;
  return { version, comment: comment.id === null ? undefined : comment };
}

/** Leaves a tombstone without its text. Of a reply the parent's number goes down with it. False where nothing was to do. */
export async function deleteComment(db: Db, postId: number, id: number): Promise<boolean> {
  const rows = await db.query(
    `with gone as (
       update comments set is_deleted = true, deleted_at = clock_timestamp(), content = '', content_html = '', version = version + 1
       where id = $1 and post_id = $2 and not is_deleted returning id, parent_id, hidden_at
     ), counted as (
       update comments c set replies = c.replies - 1 from gone where c.id = gone.parent_id and gone.hidden_at is null
     )
     select 1 from gone`,
    [id, postId],
    'delete_comment',
  );
  return rows.length > 0;
}

/** Tombstones that nothing hangs on any more, deleted 30 days ago and more. Returns how many. */
export async function purgeComments(db: Db, limit: number): Promise<number> {
  const rows = await db.query(
    `delete from comments where id in (
       select c.id from comments c where c.is_deleted and c.deleted_at < now() - interval '30 days'
         and not exists (select from comments r where r.parent_id = c.id)
       order by c.deleted_at limit $1
     ) returning 1`,
    [limit],
  );
  return rows.length;
}

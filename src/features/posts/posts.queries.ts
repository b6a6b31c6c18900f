import type { Db } from '../../db/pool.ts';

/** What may change without the text: read anew each time. */
export interface PostFacts {
  readonly id: number;
  readonly board_id: number;
  readonly author_id: number;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly hidden_at: Date | null;
  readonly pinned_at: Date | null;
  readonly is_draft: boolean;
  readonly is_deleted: boolean;
  readonly board_title: string;
  readonly board_description: string;
  /** Empty for a deleted member. */
  readonly username: string;
  readonly display_name: string;
  readonly views: number;
}

export interface PostText {
  readonly title: string;
  readonly content: string;
  readonly content_html: string;
}

/** A post in any state, with what is shown beside it. */
export type PostRow = PostFacts & PostText;

const FACTS = `p.id, p.board_id, p.author_id, p.version, p.created_at, p.updated_at, p.hidden_at, p.pinned_at,
  p.is_draft, p.is_deleted, b.title as board_title, b.description as board_description,
  coalesce(m.username, '') as username,
  case when m.deleted_at is not null then 'deleted member'
    else coalesce(nullif(m.display_name, ''), 'Member ' || m.id) end as display_name,
  coalesce(t.views, 0) as views`;

const BESIDE = `join boards b on b.id = p.board_id join members m on m.id = p.author_id
  left join counters_total t on t.subject_kind = 2 and t.subject_id = p.id and t.traffic = 0`;

/** `from`: a table or a CTE with the columns of `posts`. */
export function selectPost(from: string): string {
  return `select ${FACTS}, p.title, p.content, p.content_html from ${from} p ${BESIDE}`;
}

export function findPosts(db: Db, ids: readonly number[]): Promise<PostRow[]> {
  return db.query<PostRow>(`${selectPost('posts')} where p.id = any($1::bigint[])`, [ids], 'find_posts');
}

export function findPostFacts(db: Db, ids: readonly number[]): Promise<PostFacts[]> {
  return db.query<PostFacts>(
    `select ${FACTS} from posts p ${BESIDE} where p.id = any($1::bigint[])`,
    [ids],
    'find_post_facts',
  );
}

/** One page of a board's list; the plain ones (no filter) are kept in memory. */
export interface PlainPage {
  readonly boardId: number;
  /** Only older than this post; with `firstId`, only newer, the nearest first. */
  readonly lastId: number | undefined;
  readonly firstId: number | undefined;
}

interface PageRow {
  readonly at: number;
  readonly ids: number[];
  /** False where `last_id` or `first_id` names no post that has a place here. */
  readonly known: boolean;
}

/**
 * Ids of several pages at once, newest first. By place, of which a reader never misses one (docs/decisions/0017). Pinned
 * posts are not in it: they stand on the first page alone.
 */
export async function listPages(db: Db, pages: readonly PlainPage[], limit: number): Promise<PageRow[]> {
  return db.query<PageRow>(
    `select q.at::integer as at, coalesce(ids, '{}') as ids,
       (q.last_id is null or last_place is not null) and (q.first_id is null or first_place is not null) as known
     from unnest($1::bigint[], $2::bigint[], $3::bigint[]) with ordinality as q(board_id, last_id, first_id, at)
     cross join lateral (
       select (select place from posts where id = q.last_id and board_id = q.board_id) as last_place,
         case when q.first_id = 0 then 0 else (select place from posts where id = q.first_id and board_id = q.board_id) end
           as first_place
     ) bounds
     cross join lateral (
       select array_agg(id order by place desc) as ids from (
         (select id, place from posts p
          where q.first_id is null and p.board_id = q.board_id and p.place is not null and not p.is_deleted
            and p.hidden_at is null and p.pinned_at is null and p.place < coalesce(last_place, 9223372036854775807)
          order by p.place desc limit $4)
         union all
         (select id, place from posts p
          where q.first_id is not null and p.board_id = q.board_id and p.place is not null and not p.is_deleted
            and p.hidden_at is null and p.pinned_at is null and p.place > first_place
          order by p.place limit $4)
       ) page
     ) listed`,
    [
      pages.map((page) => page.boardId),
      pages.map((page) => page.lastId ?? null),
      pages.map((page) => page.firstId ?? null),
      limit,
    ],
    'list_pages',
  );
}

/** The latest pinned first. */
export async function listPinned(
  db: Db,
  boardIds: readonly number[],
): Promise<{ id: number; board_id: number }[]> {
  return db.query(
    `select id, board_id from posts
     where board_id = any($1::bigint[]) and pinned_at is not null and place is not null and not is_deleted and hidden_at is null
     order by pinned_at desc`,
    [boardIds],
    'list_pinned',
  );
}

export interface PostFilter {
  readonly boardId: number;
  readonly authorId: number | undefined;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  readonly lastId: number | undefined;
  readonly firstId: number | undefined;
  readonly limit: number;
}

/** Like `listPages`, of one author or a range of time (from inclusive, to exclusive); pinned ones in their places. */
export async function listFiltered(db: Db, filter: PostFilter): Promise<number[]> {
  const newer = filter.lastId === undefined && filter.firstId !== undefined;
  const rows = await db.query<{ id: number }>(
    `select id from posts
     where board_id = $1 and place is not null and not is_deleted and hidden_at is null
       and ($2::bigint is null or author_id = $2)
       and ($3::timestamptz is null or created_at >= $3) and ($4::timestamptz is null or created_at < $4)
       and ($5::bigint is null or place ${newer ? '>' : '<'} (select place from posts where id = $5 and board_id = $1))
     order by place ${newer ? 'asc' : 'desc'} limit $6`,
    [
      filter.boardId,
      filter.authorId ?? null,
      filter.from ?? null,
      filter.to ?? null,
      (newer ? filter.firstId : filter.lastId) ?? null,
      filter.limit,
    ],
  );
  const ids = rows.map((row) => row.id);
  return newer ? ids.reverse() : ids;
}

/** Drafts of a member, or deleted posts of one or of all (`authorId` undefined); newest first, older than `lastId`. */
export async function listPutAside(
  db: Db,
  filter: {
    readonly boardId: number;
    readonly state: 'draft' | 'deleted';
    readonly authorId: number | undefined;
    readonly lastId: number | undefined;
    readonly limit: number;
  },
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select id from posts
     where board_id = $1 and ${filter.state === 'draft' ? 'is_draft and not is_deleted' : 'is_deleted'}
       and ($2::bigint is null or author_id = $2) and ($3::bigint is null or id < $3)
     order by id desc limit $4`,
    [filter.boardId, filter.authorId ?? null, filter.lastId ?? null, filter.limit],
  );
  return rows.map((row) => row.id);
}

/** Deleted 30 days ago and more, so many at a time: for good, with what hangs on them. Returns how many. */
export async function purgePosts(db: Db, limit: number): Promise<number> {
  const rows = await db.query(
    `delete from posts where id in (
       select id from posts where is_deleted and deleted_at < now() - interval '30 days' order by deleted_at limit $1
     ) returning id`,
    [limit],
  );
  return rows.length;
}

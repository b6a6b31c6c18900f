import type { InsertedRow } from '../../db/insert-groups.ts';
import type { Db } from '../../db/pool.ts';
import { takeQuota, type WriteQuota } from '../../db/write-quotas.ts';

export const POST_QUOTA: WriteQuota = { action: 'post', perMinute: 10, perDay: 1_000 };

export interface NewPost {
  readonly boardId: number;
  readonly authorId: number;
  readonly title: string;
  readonly content: string;
  readonly contentHtml: string;
  readonly isDraft: boolean;
  /** A word filter keeps it from being shown until a moderator has looked. */
  readonly held: boolean;
  /** Idempotency. */
  readonly claim: { readonly route: string; readonly key: string; readonly fingerprint: Buffer } | undefined;
}

/** What the database adds to a new post: kept as the answer to the same request again. */
export interface CreatedPost {
  readonly id: number;
  readonly created_at: string;
  readonly board_title: string;
  readonly board_description: string;
  readonly username: string;
  readonly display_name: string;
}

/**
 * Several posts of different members, with their places, jobs and kept answers: one statement, one commit. The row of
 * `board_places` is held until the commit, so places are given in the order of commits.
 * A key that was used meanwhile fails the statement (`idempotency_keys_pkey`).
 */
export function insertPosts(
  db: Db,
  posts: readonly NewPost[],
  limited: boolean,
): Promise<InsertedRow<CreatedPost>[]> {
  const of = <T>(pick: (post: NewPost) => T): T[] => posts.map(pick);
  return db.query<InsertedRow<CreatedPost>>(
    statement(limited),
    [
      of((post) => post.boardId),
      of((post) => post.authorId),
      of((post) => post.title),
      of((post) => post.content),
      of((post) => post.contentHtml),
      of((post) => post.isDraft),
      of((post) => post.held),
      of((post) => post.claim?.route ?? null),
      of((post) => post.claim?.key ?? null),
      of((post) => post.claim?.fingerprint ?? null),
    ],
    limited ? 'insert_posts_limited' : 'insert_posts',
  );
}

function statement(limited: boolean): string {
  return `
with asked as materialized (
  select a.*, nextval(pg_get_serial_sequence('posts', 'id')) as id, b.title as board_title,
    b.description as board_description, date_trunc('milliseconds', clock_timestamp()) as asked_at
  from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::boolean[],
    $8::text[], $9::text[], $10::bytea[])
    with ordinality as a(board_id, author_id, title, content, content_html, is_draft, held, route, key, fingerprint, at)
  join boards b on b.id = a.board_id and b.deleted_at is null and b.archived_at is null
), ${limited ? takeQuota(POST_QUOTA) : 'allowed as (select distinct author_id as member_id from asked)'},
numbered as materialized (
  select a.*, row_number() over (partition by a.board_id order by a.is_draft, a.at) as nth
  from asked a join allowed q on q.member_id = a.author_id
), places as (
  insert into board_places as bp (board_id, last_place)
  select board_id, count(*) from numbered where not is_draft group by board_id order by board_id
  on conflict (board_id) do update set last_place = bp.last_place + excluded.last_place
  returning board_id, last_place
), counts as (
  select board_id, count(*) as n from numbered where not is_draft group by board_id
), made as (
  insert into posts (id, board_id, author_id, place, created_at, updated_at, hidden_at, is_draft, title, content, content_html)
  overriding system value
  select n.id, n.board_id, n.author_id, case when not n.is_draft then p.last_place - c.n + n.nth end, at.now, at.now,
    case when n.held then at.now end, n.is_draft, n.title, n.content, n.content_html
  from numbered n left join (places p join counts c using (board_id)) using (board_id)
  -- Read behind the place, so that times and places have one order.
  cross join lateral (select date_trunc('milliseconds', clock_timestamp()) as now where p.last_place is null or p.last_place > 0) at
  returning id, created_at
), queued as (
  insert into jobs (kind, payload, key)
  select j.kind, jsonb_build_object('post_id', n.id), case when j.kind = 'index-post' then n.id::text end
  from numbered n cross join (values ('index-post'), ('notify-post')) j(kind) where not n.is_draft and not n.held
), held_back as (
  insert into reports (subject_kind, subject_id, board_id, reason) select 2, id, board_id, 'word' from numbered where held
), answered as materialized (
  select n.at, n.author_id, n.route, n.key, n.fingerprint, json_build_object('id', n.id,
    'created_at', to_char(made.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'board_title', n.board_title, 'board_description', n.board_description,
    'username', coalesce(m.username, ''), 'display_name', coalesce(nullif(m.display_name, ''), 'Member ' || m.id)) as made
  from numbered n join made using (id) join members m on m.id = n.author_id
), kept as (
  insert into idempotency_keys (member_id, route, key, fingerprint, answer)
  select author_id, route, key, fingerprint, made from answered where key is not null
)
select asked.at::integer as at, answered.made, case when answered.at is null then 'limit' end as refused
from asked left join answered using (at)`;
}

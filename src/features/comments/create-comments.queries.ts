import type { Db } from '../../db/pool.ts';
import { takeQuota, type WriteQuota } from '../../db/write-quotas.ts';

export const COMMENT_QUOTA: WriteQuota = { action: 'comment', perMinute: 20, perDay: 2_000 };

export interface NewComment {
  readonly boardId: number;
  readonly postId: number;
  readonly parentId: number | undefined;
  readonly authorId: number;
  readonly content: string;
  readonly contentHtml: string;
  /** A word filter keeps it from being shown until a moderator has looked. */
  readonly held: boolean;
  /** Idempotency. */
  readonly claim: { readonly route: string; readonly key: string; readonly fingerprint: Buffer } | undefined;
}

/** What the database adds to a new comment: kept as the answer to the same request again. */
export interface CreatedComment {
  readonly id: number;
  readonly created_at: string;
  readonly username: string;
  readonly display_name: string;
}

export interface CreatedRow {
  /** From 1, in the order given. One without a row: its post takes none. */
  readonly at: number;
  readonly made: CreatedComment | null;
  /** Why not: the member is past the limit, or the parent takes no replies. */
  readonly refused: 'limit' | 'parent' | null;
}

/**
 * Several comments of different members, with jobs and kept answers: one statement, one commit. A reply raises its parent's
 * number, and only of a root that is shown: whoever deletes the parent at the same time waits, or is waited for.
 * A key that was used meanwhile fails the statement (`idempotency_keys_pkey`).
 */
export function insertComments(
  db: Db,
  comments: readonly NewComment[],
  limited: boolean,
): Promise<CreatedRow[]> {
  const of = <T>(pick: (comment: NewComment) => T): T[] => comments.map(pick);
  return db.query<CreatedRow>(
    statement(limited),
    [
      of((one) => one.boardId),
      of((one) => one.postId),
      of((one) => one.parentId ?? null),
      of((one) => one.authorId),
      of((one) => one.content),
      of((one) => one.contentHtml),
      of((one) => one.held),
      of((one) => one.claim?.route ?? null),
      of((one) => one.claim?.key ?? null),
      of((one) => one.claim?.fingerprint ?? null),
    ],
    limited ? 'insert_comments_limited' : 'insert_comments',
  );
}

function statement(limited: boolean): string {
  return `
with asked as materialized (
  select a.*, nextval(pg_get_serial_sequence('comments', 'id')) as id,
    date_trunc('milliseconds', clock_timestamp()) as asked_at
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[], $7::boolean[], $8::text[],
    $9::text[], $10::bytea[]) with ordinality
    as a(board_id, post_id, parent_id, author_id, content, content_html, held, route, key, fingerprint, at)
  join posts p on p.id = a.post_id and p.board_id = a.board_id
    and not p.is_draft and not p.is_deleted and p.hidden_at is null
  join boards b on b.id = a.board_id and b.deleted_at is null and b.archived_at is null
), ${limited ? takeQuota(COMMENT_QUOTA) : 'allowed as (select distinct author_id as member_id from asked)'},
replied as materialized (
  select c.id from comments c
  where c.id in (select parent_id from asked) and c.parent_id is null and not c.is_deleted and c.hidden_at is null
    and exists (select from asked where asked.parent_id = c.id and asked.post_id = c.post_id)
  order by c.id for no key update of c
), counted as (
  update comments c set replies = c.replies + n.count
  from (select parent_id, count(*) from asked join allowed on member_id = author_id
    where not held and parent_id is not null group by parent_id) n
  where c.id = n.parent_id and c.id in (select id from replied)
), made as (
  insert into comments (id, post_id, parent_id, author_id, content, content_html, hidden_at, created_at, updated_at)
  overriding system value
  select id, post_id, parent_id, author_id, content, content_html, case when held then asked_at end, asked_at, asked_at
  from asked join allowed on member_id = author_id
  where parent_id is null or parent_id in (select id from replied)
  returning id
), queued as (
  insert into jobs (kind, payload)
  select 'notify-comment', jsonb_build_object('comment_id', asked.id) from asked join made using (id) where not held
), held_back as (
  insert into reports (subject_kind, subject_id, board_id, reason)
  select 3, asked.id, asked.board_id, 'word' from asked join made using (id) where held
), answered as materialized (
  select asked.*, json_build_object('id', asked.id,
    'created_at', to_char(asked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'username', coalesce(m.username, ''),
    'display_name', coalesce(nullif(m.display_name, ''), 'Member ' || m.id)) as answer
  from asked join made using (id) join members m on m.id = asked.author_id
), kept as (
  insert into idempotency_keys (member_id, route, key, fingerprint, answer)
  select author_id, route, key, fingerprint, answer from answered where key is not null
)
select asked.at::int as at, answered.answer as made,
  case when answered.answer is not null then null
    when allowed.member_id is null then 'limit' else 'parent' end as refused
from asked left join answered using (at) left join allowed on allowed.member_id = asked.author_id`;
}

export interface ParentState {
  readonly depth: number;
  readonly is_deleted: boolean;
  readonly hidden: boolean;
}

/** Why a parent takes no replies; undefined where it is not on this post. */
export async function findParent(db: Db, postId: number, id: number): Promise<ParentState | undefined> {
  const [row] = await db.query<ParentState>(
    'select depth, is_deleted, hidden_at is not null as hidden from comments where id = $1 and post_id = $2',
    [id, postId],
  );
  return row;
}

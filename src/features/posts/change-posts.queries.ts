import { JOINS_WAITING } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import { type PostRow, selectPost } from './posts.queries.ts';

/** What a change of one post found and did. */
export interface Changed {
  /** Before the change. */
  readonly version: number;
  /** Undefined: the version was another than expected, and nothing was changed. */
  readonly post: PostRow | undefined;
}

interface ChangedRow extends PostRow {
  readonly old_version: number;
}

/** The post, locked, where its board is open; then whatever `change` makes of it where its version is one of $3. */
const OPEN_POST = `
with old as materialized (
  select p.* from posts p
  where p.id = $1 and p.board_id = $2
    and exists (select from boards b where b.id = p.board_id and b.deleted_at is null and b.archived_at is null)
  for no key update of p
)`;

const EXPECTED = '($3::bigint[] is null or old.version = any($3))';

/** What is findable changed: the search index hears of it when this commits. */
const INDEXED = `indexed as (
  insert into jobs (kind, payload, key) select 'index-post', jsonb_build_object('post_id', id), id::text from changed ${JOINS_WAITING}
)`;

const ANSWER = `select old.version as old_version, shown.* from old left join (${selectPost('changed')}) shown on shown.id = old.id`;

async function change(
  db: Db,
  text: string,
  values: readonly unknown[],
  name: string,
): Promise<Changed | undefined> {
  const [row] = await db.query<ChangedRow>(text, values, name);
  if (!row) return undefined;
  const { old_version: version, ...post } = row;
  return { version, post: post.id === null ? undefined : post };
}

export interface PostEdit {
  readonly title: string | undefined;
  readonly content: string | undefined;
  readonly contentHtml: string | undefined;
  /** Only ever from draft to published. */
  readonly publish: boolean;
  readonly editorId: number;
  /** A word filter keeps it from being shown until a moderator has looked. */
  readonly held: boolean;
}

/**
 * Writes what is given, keeps what it replaced as a revision. `versions`: those that may be changed; undefined: any.
 * Publishing takes the next place of the list, and tells. Undefined where there is no such post, or its board is not open.
 */
export function editPost(
  db: Db,
  id: number,
  boardId: number,
  versions: readonly number[] | undefined,
  edit: PostEdit,
): Promise<Changed | undefined> {
  return change(
    db,
    `${OPEN_POST}, target as materialized (
       select *, $7::boolean and is_draft as publishes from old where not is_deleted and ${EXPECTED}
     ), placed as (
       insert into board_places as bp (board_id, last_place) select board_id, 1 from target where publishes
       on conflict (board_id) do update set last_place = bp.last_place + 1 returning last_place
     ), changed as (
       update posts p set title = coalesce($4, target.title), content = coalesce($5, target.content),
         content_html = coalesce($6, target.content_html), version = target.version + 1, edited_by = $8,
         updated_at = at.now,
         is_draft = target.is_draft and not target.publishes,
         hidden_at = case when $9::boolean then at.now else target.hidden_at end,
         place = case when target.publishes then placed.last_place else target.place end,
         created_at = case when target.publishes then at.now else target.created_at end
       from target left join placed on true
       cross join lateral (select date_trunc('milliseconds', clock_timestamp()) as now
         where placed.last_place is null or placed.last_place > 0) at
       where p.id = target.id
       returning p.*
     ), revised as (
       insert into post_revisions (post_id, version, title, content, edited_by, edited_at, is_draft)
       select target.id, target.version, target.title, target.content, coalesce(target.edited_by, target.author_id),
         target.updated_at, target.is_draft
       from target where $4::text is not null or $5::text is not null
     ), indexed as (
       insert into jobs (kind, payload, key)
       select 'index-post', jsonb_build_object('post_id', id), id::text from changed where not is_draft ${JOINS_WAITING}
     ), told as (
       insert into jobs (kind, payload) select 'notify-post', jsonb_build_object('post_id', id) from target where publishes and not $9::boolean
     ), held_back as (
       insert into reports (subject_kind, subject_id, board_id, reason) select 2, id, board_id, 'word' from changed where $9::boolean
       on conflict do nothing
     )
     ${ANSWER} where not old.is_deleted`,
    [
      id,
      boardId,
      versions ?? null,
      edit.title ?? null,
      edit.content ?? null,
      edit.contentHtml ?? null,
      edit.publish,
      edit.editorId,
      edit.held,
    ],
    'edit_post',
  );
}

/** Soft: it can be restored for 30 days. */
export function deletePost(
  db: Db,
  id: number,
  boardId: number,
  versions: readonly number[] | undefined,
  byId: number,
): Promise<Changed | undefined> {
  return change(
    db,
    `${OPEN_POST}, changed as (
       update posts p set is_deleted = true, deleted_at = clock_timestamp(), deleted_by = $4, pinned_at = null,
         version = old.version + 1
       from old where p.id = old.id and not old.is_deleted and ${EXPECTED} returning p.*
     ), ${INDEXED}
     ${ANSWER} where not old.is_deleted`,
    [id, boardId, versions ?? null, byId],
    'delete_post',
  );
}

/** What an author deleted comes back by the author; what somebody else deleted, by who moderates (`ownId` undefined). */
export function restorePost(
  db: Db,
  id: number,
  boardId: number,
  ownId: number | undefined,
): Promise<Changed | undefined> {
  return change(
    db,
    `${OPEN_POST}, changed as (
       update posts p set is_deleted = false, deleted_at = null, deleted_by = null, version = old.version + 1
       from old where p.id = old.id and old.is_deleted
         and ($4::bigint is null or (old.author_id = $4 and old.deleted_by = $4)) and ${EXPECTED} returning p.*
     ), ${INDEXED}
     ${ANSWER} where old.is_deleted`,
    [id, boardId, null, ownId ?? null],
    'restore_post',
  );
}

/** Pins or unpins; at most `most` of a board. Undefined `post`: the board has so many already. */
export function pinPost(
  db: Db,
  id: number,
  boardId: number,
  pinned: boolean,
  most: number,
): Promise<Changed | undefined> {
  return db.transaction(async (tx) => {
    // Two that pin at once would each see room for one: they come one after the other.
    await tx.query('select pg_advisory_xact_lock(7366017, $1::integer)', [boardId % 2_147_483_647]);
    return change(
      tx,
      `${OPEN_POST}, changed as (
         update posts p set pinned_at = case when $4 then coalesce(old.pinned_at, clock_timestamp()) end,
           version = old.version + 1
         from old where p.id = old.id and ${EXPECTED} and (not $4 or old.pinned_at is not null or $5 >
           (select count(*) from posts o where o.board_id = $2 and o.pinned_at is not null))
         returning p.*
       )
       ${ANSWER} where not old.is_deleted and not old.is_draft and old.hidden_at is null`,
      [id, boardId, null, pinned, most],
      'pin_post',
    );
  });
}

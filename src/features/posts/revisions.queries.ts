import type { Db } from '../../db/pool.ts';

export interface RevisionHead {
  readonly version: number;
  readonly title: string;
  readonly edited_at: Date;
  readonly editor_id: number;
  readonly editor_name: string;
  readonly is_draft: boolean;
}

export interface Revision extends RevisionHead {
  readonly content: string;
}

const EVERY = `
select r.version, r.title, r.content, r.edited_at, r.is_draft, m.id as editor_id,
  case when m.deleted_at is not null then 'deleted member'
    else coalesce(nullif(m.display_name, ''), 'Member ' || m.id) end as editor_name
from (
  select version, title, content, edited_by, edited_at, is_draft from post_revisions where post_id = $1
  union all
  select version, title, content, coalesce(edited_by, author_id), updated_at, is_draft from posts where id = $1
) r join members m on m.id = r.edited_by
where ($2 or not r.is_draft)`;

/** Newest first, the present text too; older than `before`. `drafts`: also those of before it was published. */
export function listRevisions(
  db: Db,
  postId: number,
  drafts: boolean,
  before: number | undefined,
  limit: number,
): Promise<RevisionHead[]> {
  return db.query<RevisionHead>(
    `select version, title, edited_at, editor_id, editor_name, is_draft from (${EVERY}) e
     where $3::bigint is null or version < $3 order by version desc limit $4`,
    [postId, drafts, before ?? null, limit],
  );
}

/** That version and the one before it. */
export async function findRevision(
  db: Db,
  postId: number,
  drafts: boolean,
  version: number,
): Promise<{ revision: Revision; before: Revision | undefined } | undefined> {
  const rows = await db.query<Revision>(
    `select * from (${EVERY}) e where version <= $3 order by version desc limit 2`,
    [postId, drafts, version],
  );
  const [revision, before] = rows;
  return revision?.version === version ? { revision, before } : undefined;
}

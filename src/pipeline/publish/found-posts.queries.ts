import type { Db } from '../../db/pool.ts';

/** What the search index needs to know of a post. */
export interface FoundPost {
  readonly id: number;
  readonly board_id: number;
  readonly author_id: number;
  readonly version: number;
  readonly created_at: Date;
  readonly shown: boolean;
  readonly title: string;
  readonly content_html: string;
}

const SELECT = `
select id, board_id, author_id, version, created_at, not is_draft and not is_deleted and hidden_at is null as shown,
  title, content_html
from posts`;

export function findPosts(db: Db, ids: readonly number[]): Promise<FoundPost[]> {
  return db.query<FoundPost>(`${SELECT} where id = any($1::bigint[])`, [ids], 'index_posts');
}

/** By id, after `afterId`. */
export function listPosts(db: Db, afterId: number, limit: number): Promise<FoundPost[]> {
  return db.query<FoundPost>(
    `${SELECT} where id > $1 order by id limit $2`,
    [afterId, limit],
    'index_list_posts',
  );
}

/** Posts that are not indexed yet because their job waits or runs; parked ones are not among them. */
export async function listWaitingPosts(db: Db, ids: readonly number[]): Promise<ReadonlySet<number>> {
  const rows = await db.query<{ post_id: number }>(
    `select distinct (payload->>'post_id')::bigint as post_id from jobs
     where kind = 'index-post' and parked_at is null and (payload->>'post_id')::bigint = any($1)`,
    [ids],
  );
  return new Set(rows.map((row) => row.post_id));
}

/** For progress: about how many there are, and exactly up to which id. */
export async function measurePosts(db: Db): Promise<{ readonly count: number; readonly lastId: number }> {
  const [row] = await db.query<{ count: number; last_id: number }>(
    'select count(*) as count, coalesce(max(id), 0) as last_id from posts',
  );
  return { count: row!.count, lastId: row!.last_id };
}

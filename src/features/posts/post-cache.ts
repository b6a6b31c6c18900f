import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import { hasRole } from '../../http/policy.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache, type ReadCache } from '../../kit/read-cache.ts';
import { showUsername } from '../members/index.ts';
import { findPostFacts, findPosts, type PostRow } from './posts.queries.ts';
import type { ListedPost, Post } from './posts.schemas.ts';

/** A post in any state, with its JSON once somebody asked for it. */
export interface CachedPost {
  readonly row: PostRow;
  readonly json: { [K in Shape]?: string };
}

/** One alone or in a list; for its author and admins with the whole username. */
type Shape = 'one' | 'oneWhole' | 'listed' | 'listedWhole';

export type PostCache = ReadCache<number, CachedPost, number>;

/** Posts by id, at most a second old. A text is read again only where its version is another. */
export function createPostCache(db: Db, clock: Clock, log: Logger): PostCache {
  return createReadCache<number, CachedPost, number>({
    what: 'posts',
    read: async (ids, peek) => {
      const known = ids.filter((id) => peek(id) !== undefined);
      const found = new Map<number, CachedPost>();
      const changed = ids.filter((id) => peek(id) === undefined);
      if (known.length > 0)
        for (const facts of await findPostFacts(db, known)) {
          const before = peek(facts.id);
          if (before?.row.version !== facts.version) changed.push(facts.id);
          else {
            const row = { ...before.row, ...facts };
            found.set(facts.id, isSame(before.row, row) ? before : { row, json: {} });
          }
        }
      if (changed.length > 0)
        for (const row of await findPosts(db, changed)) found.set(row.id, { row, json: {} });
      return found;
    },
    groupOf: (id) => id,
    maxEntries: 20_000,
    maxBytes: 64 * 2 ** 20,
    // The text is there three times: in the row and, once asked for, in two shapes of JSON.
    sizeOf: ({ row }) => 1_000 + 2 * (3 * row.content.length + 2 * row.content_html.length),
    clock,
    log,
  });
}

function isSame(a: PostRow, b: PostRow): boolean {
  for (const name of Object.keys(b) as (keyof PostRow)[]) {
    const [x, y] = [a[name], b[name]];
    if (x !== y && !(x instanceof Date && y instanceof Date && x.getTime() === y.getTime())) return false;
  }
  return true;
}

/** Whether everybody who reads the board sees it. */
export function isPublic(row: PostRow): boolean {
  return !row.is_draft && !row.is_deleted && row.hidden_at === null;
}

/** Whether this viewer sees the author's whole username. */
export function seesWhole(row: Pick<PostRow, 'author_id'>, viewer: Viewer | undefined): boolean {
  return viewer !== undefined && (viewer.memberId === row.author_id || hasRole(viewer, ['admin']));
}

export function toPostJson(post: CachedPost, viewer: Viewer | undefined): string {
  const whole = seesWhole(post.row, viewer);
  return prepare(post, whole ? 'oneWhole' : 'one', () => toPost(post.row, whole));
}

export function toListedJson(post: CachedPost, viewer: Viewer | undefined): string {
  const whole = seesWhole(post.row, viewer);
  return prepare(post, whole ? 'listedWhole' : 'listed', () => toListed(post.row, whole));
}

function prepare(post: CachedPost, shape: Shape, make: () => object): string {
  const known = post.json[shape];
  if (known !== undefined) return known;
  const json = JSON.stringify(make());
  post.json[shape] = json;
  return json;
}

export function toPost(row: PostRow, whole: boolean): Post {
  return { ...toListed(row, whole), content_html: row.content_html };
}

function toListed(row: PostRow, whole: boolean): ListedPost {
  return {
    id: row.id,
    board: { id: row.board_id, title: row.board_title, description: row.board_description },
    author: {
      id: row.author_id,
      username: showUsername(row.username, whole),
      display_name: row.display_name,
    },
    title: row.title,
    content: row.content,
    views: row.views,
    is_deleted: row.is_deleted,
    is_draft: row.is_draft,
    is_pinned: row.pinned_at !== null,
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

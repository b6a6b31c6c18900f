import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import { hasRole } from '../../http/policy.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache, type ReadCache } from '../../kit/read-cache.ts';
import { showUsername } from '../members/index.ts';
import { type CommentRow, listComments, type PageOf } from './comments.queries.ts';
import type { Comment } from './comments.schemas.ts';

/** A page as it was read, with its JSON for those who see masked usernames alone. */
export interface CachedPage {
  readonly count: number;
  readonly rows: readonly CommentRow[];
  json?: string;
}

export type CommentPages = ReadCache<string, CachedPage, number>;

export function toPageKey({ postId, parentId, limit, offset }: PageOf): string {
  return `${postId}|${parentId ?? ''}|${limit}|${offset}`;
}

function parseKey(key: string): PageOf {
  const [postId, parentId, limit, offset] = key.split('|');
  return {
    postId: Number(postId),
    parentId: parentId === '' ? undefined : Number(parentId),
    limit: Number(limit),
    offset: Number(offset),
  };
}

/** Pages of comments and replies, at most a second old; a change of any comment makes all pages of its post new. */
export function createCommentPages(db: Db, clock: Clock, log: Logger): CommentPages {
  return createReadCache<string, CachedPage, number>({
    what: 'comments',
    read: async (keys, peek) => {
      const pages = await listComments(db, keys.map(parseKey));
      const found = new Map<string, CachedPage>();
      for (const [at, { count, rows }] of pages.entries()) {
        if (count === undefined) continue;
        const known = peek(keys[at]!);
        found.set(keys[at]!, known && isSame(known, count, rows) ? known : { count, rows });
      }
      return found;
    },
    groupOf: (key) => Number(key.slice(0, key.indexOf('|'))),
    maxEntries: 10_000,
    maxBytes: 64 * 2 ** 20,
    sizeOf: ({ rows }) =>
      rows.reduce((sum, row) => sum + 1_000 + 4 * (row.content.length + row.content_html.length), 0),
    clock,
    log,
  });
}

/** The JSON of a page that did not change is kept. */
function isSame(known: CachedPage, count: number, rows: readonly CommentRow[]): boolean {
  return (
    known.count === count &&
    known.rows.length === rows.length &&
    known.rows.every((row, at) => {
      const now = rows[at]!;
      return (
        row.id === now.id &&
        row.version === now.version &&
        row.replies === now.replies &&
        row.hidden_at?.getTime() === now.hidden_at?.getTime() &&
        row.username === now.username &&
        row.display_name === now.display_name
      );
    })
  );
}

/** JSON of the comments of a page, for this viewer. */
export function toResultsJson(page: CachedPage, viewer: Viewer | undefined): string {
  const seesAll = hasRole(viewer, ['admin']);
  if (seesAll || page.rows.some((row) => row.author_id === viewer?.memberId))
    return JSON.stringify(page.rows.map((row) => toComment(row, viewer)));
  page.json ??= JSON.stringify(page.rows.map((row) => toComment(row, undefined)));
  return page.json;
}

/** A deleted or hidden one shows as an empty tombstone. The whole username is for its owner and admins. */
export function toComment(row: CommentRow, viewer: Viewer | undefined): Comment {
  const isGone = row.is_deleted || row.hidden_at !== null;
  const seesWhole = viewer !== undefined && (viewer.memberId === row.author_id || hasRole(viewer, ['admin']));
  return {
    id: row.id,
    parent: row.parent_id,
    content: isGone ? '' : row.content,
    content_html: isGone ? '' : row.content_html,
    author: isGone
      ? null
      : {
          id: row.author_id,
          username: showUsername(row.username, seesWhole),
          display_name: row.display_name,
        },
    is_deleted: isGone,
    replies: row.replies,
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

import { createInsertGroups } from '../../db/insert-groups.ts';
import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { purgeComments } from './comments.queries.ts';
import {
  COMMENT_QUOTA,
  type CreatedComment,
  insertComments,
  type NewComment,
} from './create-comments.queries.ts';

export { type CommentPages, createCommentPages } from './comment-pages.ts';
export { registerCommentRoutes } from './comments.routes.ts';

export function createCommentGroups(db: Db, clock: Clock, { limited }: { readonly limited: boolean }) {
  return createInsertGroups<NewComment, CreatedComment>({
    db,
    clock,
    limited,
    quota: COMMENT_QUOTA,
    what: 'comments',
    insert: (rows) => insertComments(db, rows, limited),
  });
}

const PURGED_AT_ONCE = 500;

export async function purgeTombstones(db: Db, signal: AbortSignal): Promise<void> {
  while ((await purgeComments(db, PURGED_AT_ONCE)) === PURGED_AT_ONCE) signal.throwIfAborted();
}

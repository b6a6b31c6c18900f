import { createInsertGroups } from '../../db/insert-groups.ts';
import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import {
  COMMENT_QUOTA,
  type CreatedComment,
  insertComments,
  type NewComment,
} from './create-comments.queries.ts';

export { type CommentPages, createCommentPages } from './comment-pages.ts';
export { purgeComments } from './comments.queries.ts';
export { registerCommentRoutes } from './comments.routes.ts';
export type { JudgeText } from './comments.service.ts';

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

import { createInsertGroups } from '../../db/insert-groups.ts';
import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { type CreatedPost, insertPosts, type NewPost, POST_QUOTA } from './create-posts.queries.ts';

export { registerPostActRoutes } from './post-acts.routes.ts';
export { createPostCache, isPublic, type PostCache, toListedJson } from './post-cache.ts';
export { createPostPages } from './post-list.ts';
export type { KeywordSearch } from './post-pages.ts';
export { registerPostRoutes } from './posts.routes.ts';
export { getBoard, getKnownPost, getPost, type JudgeText, type Posts, unknownPost } from './posts.service.ts';
export { purgeDeleted } from './purge.ts';
export { createRenderer, type Renderer } from './rendering.ts';

/** In groups, so that places in the order of commits (docs/decisions/0017) do not make each post wait for every other's commit. */
export function createPostGroups(db: Db, clock: Clock, { limited }: { readonly limited: boolean }) {
  return createInsertGroups<NewPost, CreatedPost>({
    db,
    clock,
    limited,
    quota: POST_QUOTA,
    what: 'posts',
    insert: (posts) => insertPosts(db, posts, limited),
  });
}

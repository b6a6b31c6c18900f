export { registerPostActRoutes } from './post-acts.routes.ts';
export { createPostCache, isPublic, type PostCache, toListedJson } from './post-cache.ts';
export { createPostGroups } from './post-groups.ts';
export { createPostPages } from './post-list.ts';
export type { KeywordFilter, KeywordSearch } from './post-pages.ts';
export { registerPostRoutes } from './posts.routes.ts';
export { getBoard, getPost, type Posts } from './posts.service.ts';
export { purgeDeleted } from './purge.ts';
export { createRenderer, type Renderer } from './rendering.ts';

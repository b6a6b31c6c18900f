export { createPostIndexer, type PostIndexer } from './index-posts.ts';
export { rebuildSearch } from './rebuild-search.ts';
export { type SearchReport, verifySearch } from './verify-search.ts';

export { createKeywordSearch } from './keyword-search.ts';
export { registerSearchRoutes } from './search.routes.ts';

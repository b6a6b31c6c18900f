export { registerSearchRoutes } from './search.routes.ts';
export { findPostsByText } from './search.service.ts';

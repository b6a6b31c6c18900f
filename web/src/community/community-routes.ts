/** Pages of boards and posts, each in a chunk of its own. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type Given, rootRoute } from '../root-route.ts';
import { type BoardSearch, parseBoardSearch } from './board-search.ts';

const getParentRoute = () => rootRoute;
const positive = (value: unknown): number | undefined => {
  const number = Number(value);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
};

interface Asked {
  q?: string;
  page?: number;
  /** an instant: later posts move no page */
  to?: string;
}

export const communityRoutes = [
  createRoute({
    getParentRoute,
    path: '/boards',
    component: lazyRouteComponent(() => import('./boards-page.tsx'), 'BoardsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/new',
    component: lazyRouteComponent(() => import('./board-new.tsx'), 'BoardNew'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/$b',
    validateSearch: (search: Given<BoardSearch>): BoardSearch => parseBoardSearch({ ...search }),
    component: lazyRouteComponent(() => import('./board-page.tsx'), 'BoardPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/$b/edit',
    component: lazyRouteComponent(() => import('./board-edit.tsx'), 'BoardEdit'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/$b/new',
    component: lazyRouteComponent(() => import('./post-new.tsx'), 'PostNew'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/$b/posts/$p',
    validateSearch: (search: Given<{ page: number }>): { page?: number } => {
      const page = positive(search.page);
      return page && page > 1 ? { page } : {};
    },
    component: lazyRouteComponent(() => import('./post-page.tsx'), 'PostPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/$b/posts/$p/edit',
    component: lazyRouteComponent(() => import('./post-edit.tsx'), 'PostEdit'),
  }),
  createRoute({
    getParentRoute,
    path: '/boards/$b/posts/$p/history',
    validateSearch: (search: Given<{ version: number }>): { version?: number } => {
      const version = positive(search.version);
      return version ? { version } : {};
    },
    component: lazyRouteComponent(() => import('./history-page.tsx'), 'HistoryPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/search',
    validateSearch: ({ q, page, to }: Given<Asked>): Asked => ({
      ...(q && { q: String(q).slice(0, 1000) }),
      ...(positive(page) && { page: Number(page) }),
      ...(typeof to === 'string' && { to }),
    }),
    component: lazyRouteComponent(() => import('./search-page.tsx'), 'SearchPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/bookmarks',
    component: lazyRouteComponent(() => import('./bookmarks-page.tsx'), 'BookmarksPage'),
  }),
] as const;

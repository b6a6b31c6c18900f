import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type SearchSchemaInput,
} from '@tanstack/react-router';
import { CampaignList } from './campaign-list.tsx';
import { type Looking, parseLooking } from './range.ts';
import { NotFound, Shell } from './shell.tsx';

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const listRoute = createRoute({ getParentRoute: () => rootRoute, path: '/', component: CampaignList });
const newRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/campaigns/new',
  component: lazyRouteComponent(() => import('./campaign-form.tsx'), 'CampaignForm'),
});
const campaignRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/campaigns/$id',
  // links may name any part of it, the page always gets all of it
  validateSearch: (search: Partial<Looking> & SearchSchemaInput): Looking => parseLooking({ ...search }),
  // its own chunk: the chart library is only needed here
  component: lazyRouteComponent(() => import('./campaign-page.tsx'), 'CampaignPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([listRoute, newRoute, campaignRoute]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

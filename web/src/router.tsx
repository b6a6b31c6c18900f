import { createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { CampaignList } from './campaign-list.tsx';
import { communityRoutes } from './community/community-routes.ts';
import { type EventSearch, parseEventSearch } from './event-search.ts';
import { inboxRoutes } from './inbox/inbox-routes.ts';
import { type Comparing, parseComparing } from './leader-columns.ts';
import { type LookingSearch, parseLooking } from './range.ts';
import { type Given, rootRoute } from './root-route.ts';
import { staffRoutes } from './staff/staff-routes.ts';

const listRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  validateSearch: ({ q }: Given<{ q: string }>): { q?: string } => (q ? { q: String(q) } : {}),
  component: CampaignList,
});
const compareRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/compare',
  validateSearch: (search: Given<Comparing>): Comparing => parseComparing({ ...search }),
  component: lazyRouteComponent(() => import('./compare-page.tsx'), 'ComparePage'),
});
const newRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/campaigns/new',
  component: lazyRouteComponent(() => import('./campaign-form.tsx'), 'CampaignForm'),
});
const campaignRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/campaigns/$id',
  validateSearch: (search: Given<LookingSearch>): LookingSearch => parseLooking({ ...search }),
  // its own chunk: the chart library is only needed here
  component: lazyRouteComponent(() => import('./campaign-page.tsx'), 'CampaignPage'),
});
const editRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/campaigns/$id/edit',
  component: lazyRouteComponent(() => import('./campaign-edit.tsx'), 'CampaignEdit'),
});
const eventsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/campaigns/$id/events',
  validateSearch: (search: Given<EventSearch>): EventSearch => parseEventSearch({ ...search }),
  component: lazyRouteComponent(() => import('./events-page.tsx'), 'EventsPage'),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    listRoute,
    compareRoute,
    newRoute,
    campaignRoute,
    editRoute,
    eventsRoute,
    ...communityRoutes,
    ...inboxRoutes,
    ...staffRoutes,
  ]),
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}

/** Pages of staff, each in a chunk of its own. */
import { createRoute, lazyRouteComponent } from '@tanstack/react-router';
import { type Given, rootRoute } from '../root-route.ts';

const getParentRoute = () => rootRoute;

export interface AuditSearch {
  subject?: string;
  actor_id?: number;
}

export const staffRoutes = [
  createRoute({
    getParentRoute,
    path: '/jobs',
    component: lazyRouteComponent(() => import('./jobs-page.tsx'), 'JobsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/moderation',
    component: lazyRouteComponent(() => import('./moderation-page.tsx'), 'ModerationPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/words',
    component: lazyRouteComponent(() => import('./words-page.tsx'), 'WordsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit',
    validateSearch: ({ subject, actor_id }: Given<AuditSearch>): AuditSearch => ({
      ...(subject && { subject: String(subject).slice(0, 100) }),
      ...(Number.isSafeInteger(Number(actor_id)) && Number(actor_id) > 0 && { actor_id: Number(actor_id) }),
    }),
    component: lazyRouteComponent(() => import('./audit-page.tsx'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/broadcasts',
    component: lazyRouteComponent(() => import('./broadcasts-page.tsx'), 'BroadcastsPage'),
  }),
] as const;

export { registerDashboardRoutes } from './dashboards.routes.ts';
export { createLiveTotals, type LiveTotals } from './live.ts';

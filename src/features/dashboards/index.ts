export { registerDashboardRoutes } from './dashboards.routes.ts';
export { createLiveTotals } from './live.ts';

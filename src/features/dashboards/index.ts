export { registerDashboardRoutes } from './dashboards.routes.ts';
export { createLiveTotals, type LiveTotals } from './live.ts';
export { registerPostStats } from './post-stats.routes.ts';
export type { StatsDeps } from './stats-answer.ts';

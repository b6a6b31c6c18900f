export { registerModerationRoutes } from './moderation.routes.ts';
export { eraseReactions } from './reactions.queries.ts';
export { registerReactionRoutes } from './reactions.routes.ts';
export { eraseReports } from './reports.queries.ts';
export { createTextRules, type TextRules } from './text-rules.ts';

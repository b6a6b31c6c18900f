export { registerCollectingRoutes } from './collecting.routes.ts';
export { parseInstant } from './event-input.ts';
export { type AcceptDeps, acceptEvents, readEventId, requireAccepted } from './sender.ts';
export { createVisitorCookie, type FindVisitor } from './visitor-cookie.ts';

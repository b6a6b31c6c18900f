export { registerCollectingRoutes } from './collecting.routes.ts';
export { parseInstant } from './event-input.ts';
export { readEventId, requireAccepted, toSender } from './sender.ts';

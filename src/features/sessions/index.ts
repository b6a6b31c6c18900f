export { registerSessionRoutes, type SessionRoutesDeps } from './sessions.routes.ts';
export { createSessions, type Sessions, type SessionsDeps } from './sessions.service.ts';

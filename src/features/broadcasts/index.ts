export { registerBroadcastRoutes } from './broadcasts.routes.ts';
export { pushBroadcast, sendBroadcast } from './send-broadcast.ts';

export { planDigests } from './digests.queries.ts';
export { registerDigestRoutes } from './digests.routes.ts';
export { sendDigest } from './digests.service.ts';

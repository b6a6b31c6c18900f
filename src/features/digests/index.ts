export type { Mail } from './digest-mail.ts';
export { planDigests } from './digests.queries.ts';
export { registerDigestRoutes } from './digests.routes.ts';
export { type SendMail, sendDigest } from './digests.service.ts';

export { appendAudit, checkAudit } from './audit.queries.ts';
export { registerAuditRoutes } from './audit.routes.ts';
export type { AuditEntry } from './audit-chain.ts';

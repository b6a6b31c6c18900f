export type { BrokenSeal, Difference } from './verify.queries.ts';
export { type VerifyOptions, type VerifyReport, verify } from './verify.ts';

export { startBackgroundCheck } from './background.ts';
export { type CheckState, noteFindings, readCheckState, settleFindings } from './findings.queries.ts';
export { checkRaw, isRawClean, type RawCheckOptions, type RawReport } from './raw-check.ts';
export { checkReach, type Reach } from './reach.ts';
export type { Recorded } from './recorded.ts';
export { SEALED_SETS_DIGEST, SEALED_SUMS_HASH } from './seals.queries.ts';
export { isClean, type VerifyReport, verify } from './verify.ts';

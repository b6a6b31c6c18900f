export { sealAlone } from './removal.ts';
export { applyRetention } from './retention.ts';

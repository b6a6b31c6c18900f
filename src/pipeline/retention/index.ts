export { readBelievedClock } from './believed-clock.ts';
export { sealAlone } from './removal.ts';
export { applyRetention } from './retention.ts';

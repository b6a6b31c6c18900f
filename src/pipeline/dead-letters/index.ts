export { listParked, type Parked } from './dead-letters.queries.ts';
export { type ReplayReport, replayParked } from './replay.ts';

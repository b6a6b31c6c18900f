export { emptyOldLines, listParked } from './dead-letters.queries.ts';
export { replayParked } from './replay.ts';

export { type Following, followMove } from './follow-move.ts';
export { backLog, finishLog, type LogMoveDeps, type MoveReport, moveLog } from './move-log.ts';
export { backRaw, finishRaw, moveRaw, type RawMoveDeps } from './move-raw.ts';
export {
  type CountedSource,
  findFirstMove,
  findMove,
  isOpen,
  listSources,
  type Move,
  noteAddress,
  servingAddress,
} from './moves.queries.ts';
export { createMovingLog, type MovingLog } from './moving-log.ts';

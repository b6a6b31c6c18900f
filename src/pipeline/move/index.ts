export { type Following, type FollowOptions, followMove } from './follow-move.ts';
export {
  backLog,
  finishLog,
  type LogMoveDeps,
  type LogMoveReport,
  type MoveProgress,
  moveLog,
} from './move-log.ts';
export {
  type CountedSource,
  findFirstMove,
  findIdentity,
  findMove,
  isOpen,
  listSources,
  listWriters,
  type Move,
  noteAddress,
  servingAddress,
} from './moves.queries.ts';
export { createMovingLog, type MovingLog } from './moving-log.ts';

export { createBoardList } from './board-list.ts';
export type { BoardRow } from './boards.queries.ts';
export { registerBoardRoutes } from './boards.routes.ts';
export {
  archivedBoard,
  type BoardCache,
  canModerate,
  createBoardCache,
  readRolesOf,
  requireModerator,
  requireOpen,
  requireReadable,
  requireWritable,
  unknownBoard,
} from './boards.service.ts';

import type { Claim } from '../../db/idempotency.ts';
import { runOnce } from '../../db/idempotency.ts';
import { isUniqueViolation } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import { hasRole } from '../../http/policy.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache, type ReadCache } from '../../kit/read-cache.ts';
import { type BoardRow, deleteBoard, findBoards, insertBoard, updateBoard } from './boards.queries.ts';
import type { Board, BoardBody, MadeBoard } from './boards.schemas.ts';

export type BoardCache = ReadCache<number, BoardRow, number>;

/** Boards by id, at most a second old, in any state. */
export function createBoardCache(db: Db, clock: Clock, log: Logger): BoardCache {
  return createReadCache<number, BoardRow, number>({
    what: 'boards',
    read: async (ids) => new Map((await findBoards(db, ids)).map((row) => [row.id, row])),
    groupOf: (id) => id,
    maxEntries: 10_000,
    maxBytes: 16 * 2 ** 20,
    sizeOf: (row) => 2 * (row.title.length + row.description.length) + 8 * row.moderators.length,
    clock,
    log,
  });
}

/** Names that `read_role` may have for this viewer to read, beside the boards they moderate. */
export function readRolesOf(viewer: Viewer | undefined): readonly string[] {
  if (!viewer) return ['anyone'];
  if (hasRole(viewer, ['admin'])) return ['anyone', 'member', 'advertiser', 'marketer', 'moderator', 'admin'];
  return ['anyone', 'member', ...viewer.roles.filter((role) => role !== 'member')];
}

export function canModerate(board: BoardRow, viewer: Viewer | undefined): boolean {
  return viewer !== undefined && (hasRole(viewer, ['admin']) || board.moderators.includes(viewer.memberId));
}

export function canRead(board: BoardRow, viewer: Viewer | undefined): boolean {
  if (board.read_role === 'anyone') return true;
  return readRolesOf(viewer).includes(board.read_role) || canModerate(board, viewer);
}

/** 404 where the viewer may not read it: that it exists is nobody else's business. */
export function requireReadable(
  id: number,
  board: BoardRow | undefined,
  viewer: Viewer | undefined,
): asserts board is BoardRow {
  if (!board || board.deleted_at !== null || !canRead(board, viewer)) throw unknownBoard(id);
}

/** May this viewer write there now: 403 for the role, 409 for an archived board. It is readable already. */
export function requireWritable(board: BoardRow, viewer: Viewer): void {
  if (!canModerate(board, viewer) && !readRolesOf(viewer).includes(board.write_role))
    throw new AppError('not_allowed', `Only ${board.write_role}s write on this board.`);
  requireOpen(board);
}

export function requireOpen(board: Pick<BoardRow, 'archived_at'>): void {
  if (board.archived_at !== null) throw archivedBoard();
}

export function archivedBoard(): AppError {
  return new AppError(
    'conflict',
    'This board is archived: it is read, but written no more. An admin can open it again.',
    { extra: { reason: 'board_archived' } },
  );
}

export function requireModerator(board: BoardRow, viewer: Viewer | undefined): asserts viewer is Viewer {
  if (!canModerate(board, viewer))
    throw new AppError('not_allowed', 'Only a moderator of this board or an admin may do this.');
}

export function unknownBoard(id: number): AppError {
  return new AppError('not_found', `There is no board ${id}.`);
}

export function createBoard(
  db: Db,
  creatorId: number,
  body: BoardBody,
  claim: Claim | undefined,
): Promise<MadeBoard> {
  const named = toTitle(body.title);
  const description = body.description ?? '';
  return refuseTheSame(() =>
    runOnce(db, claim, async (tx) => {
      const id = await insertBoard(tx, creatorId, { ...named, description });
      return { id, title: named.title, description };
    }),
  );
}

interface Patch {
  readonly title?: string;
  readonly description?: string;
  readonly position?: number;
  readonly read_role?: BoardRow['read_role'];
  readonly write_role?: BoardRow['write_role'];
  readonly is_archived?: boolean;
}

export async function patchBoard(db: Db, cache: BoardCache, id: number, body: Patch): Promise<BoardRow> {
  const patch = {
    ...(body.title !== undefined && toTitle(body.title)),
    description: body.description,
    position: body.position,
    readRole: body.read_role,
    writeRole: body.write_role,
    isArchived: body.is_archived,
  };
  if (!(await refuseTheSame(() => updateBoard(db, id, patch)))) throw unknownBoard(id);
  cache.forget(id);
  const board = await cache.get(id);
  if (!board) throw unknownBoard(id);
  return board;
}

export async function removeBoard(db: Db, cache: BoardCache, id: number): Promise<void> {
  if (!(await deleteBoard(db, id))) throw unknownBoard(id);
  cache.forget(id);
}

/** Titles that look the same are the same: trimmed, composed, in whatever case. */
function toTitle(text: string): { readonly title: string; readonly titleKey: string } {
  const title = text.normalize('NFC').trim();
  if (title === '') throw invalid([{ path: 'title', message: 'must not be empty' }]);
  return { title, titleKey: title.toLowerCase().normalize('NFC') };
}

async function refuseTheSame<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isUniqueViolation(error, 'boards_title')) throw error;
    throw new AppError('already_exists', 'There is a board with this title already. Choose another title.', {
      cause: error,
      errors: [{ path: 'title', message: 'taken' }],
    });
  }
}

export function toBoard(row: BoardRow): Board {
  return {
    id: row.id,
    title: row.title,
    description: row.description,
    position: row.position,
    read_role: row.read_role,
    write_role: row.write_role,
    is_archived: row.archived_at !== null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

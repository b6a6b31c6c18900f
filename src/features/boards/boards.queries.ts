import type { Db } from '../../db/pool.ts';
import type { ReadRole, WriteRole } from './boards.schemas.ts';

/** A board as the database holds it. */
export interface BoardRow {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly position: number;
  readonly read_role: ReadRole;
  readonly write_role: WriteRole;
  readonly version: number;
  readonly archived_at: Date | null;
  readonly deleted_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly moderators: readonly number[];
}

const SELECT = `
select b.id, b.title, b.description, b.position, b.read_role, b.write_role, b.version, b.archived_at, b.deleted_at,
  b.created_at, b.updated_at,
  array(select m.member_id from board_moderators m where m.board_id = b.id order by m.member_id) as moderators
from boards b`;

/** In any state. */
export function findBoards(db: Db, ids: readonly number[]): Promise<BoardRow[]> {
  return db.query<BoardRow>(`${SELECT} where b.id = any($1::bigint[])`, [ids], 'find_boards');
}

export interface BoardFilter {
  /** Who asks: boards that any of these may read, and those that the member moderates. */
  readonly readRoles: readonly string[];
  readonly memberId: number | undefined;
  /** Only behind this board. */
  readonly after: number | undefined;
  readonly limit: number;
}

/** By position, then age. */
export function listBoards(db: Db, filter: BoardFilter): Promise<BoardRow[]> {
  return db.query<BoardRow>(
    `${SELECT}
     where b.deleted_at is null
       and (b.read_role = any($1::text[])
         or exists (select from board_moderators m where m.board_id = b.id and m.member_id = $2::bigint))
       and ($3::bigint is null or (b.position, b.id) > (select a.position, a.id from boards a where a.id = $3))
     order by b.position, b.id limit $4`,
    [filter.readRoles, filter.memberId ?? null, filter.after ?? null, filter.limit],
    'list_boards',
  );
}

export interface NewBoard {
  readonly title: string;
  readonly titleKey: string;
  readonly description: string;
}

/** Who makes a board moderates it. */
export async function insertBoard(db: Db, creatorId: number, board: NewBoard): Promise<number> {
  const [row] = await db.query<{ id: number }>(
    `with made as (
       insert into boards (title, title_key, description) values ($2, $3, $4) returning id
     ), place as (
       insert into board_places (board_id, last_place) select id, 0 from made
     )
     insert into board_moderators (board_id, member_id) select id, $1 from made returning board_id as id`,
    [creatorId, board.title, board.titleKey, board.description],
    'insert_board',
  );
  return row!.id;
}

export interface BoardPatch {
  readonly title?: string | undefined;
  readonly titleKey?: string | undefined;
  readonly description?: string | undefined;
  readonly position?: number | undefined;
  readonly readRole?: ReadRole | undefined;
  readonly writeRole?: WriteRole | undefined;
  readonly isArchived?: boolean | undefined;
}

/** Returns whether a row was there to change. Absent fields stay. */
export async function updateBoard(db: Db, id: number, patch: BoardPatch): Promise<boolean> {
  const rows = await db.query(
    `update boards set title = coalesce($2, title), title_key = coalesce($3, title_key),
       description = coalesce($4, description), position = coalesce($5, position),
       read_role = coalesce($6, read_role), write_role = coalesce($7, write_role),
       archived_at = case when $8::boolean is null then archived_at when $8 then coalesce(archived_at, now()) end,
       version = version + 1, updated_at = now()
     where id = $1 and deleted_at is null returning id`,
    [
      id,
      patch.title ?? null,
      patch.titleKey ?? null,
      patch.description ?? null,
      patch.position ?? null,
      patch.readRole ?? null,
      patch.writeRole ?? null,
      patch.isArchived ?? null,
    ],
  );
  return rows.length > 0;
}

export async function deleteBoard(db: Db, id: number): Promise<boolean> {
  const rows = await db.query(
    'update boards set deleted_at = now(), version = version + 1 where id = $1 and deleted_at is null returning id',
    [id],
  );
  return rows.length > 0;
}

/** Returns whether there is such a member. */
export async function addModerator(db: Db, boardId: number, memberId: number): Promise<boolean> {
  const rows = await db.query(
    `with member as (select id from members where id = $2 and deleted_at is null), added as (
       insert into board_moderators (board_id, member_id) select $1, id from member on conflict do nothing
     )
     select id from member`,
    [boardId, memberId],
  );
  return rows.length > 0;
}

export async function removeModerator(db: Db, boardId: number, memberId: number): Promise<boolean> {
  const rows = await db.query(
    'delete from board_moderators where board_id = $1 and member_id = $2 returning member_id',
    [boardId, memberId],
  );
  return rows.length > 0;
}

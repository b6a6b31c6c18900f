import type { Db } from '../../db/pool.ts';

/** Boards that any of these roles may read, and those that the member moderates. */
export async function listReadableBoards(
  db: Db,
  readRoles: readonly string[],
  memberId: number | undefined,
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select b.id from boards b where b.deleted_at is null
       and (b.read_role = any($1::text[])
         or exists (select from board_moderators m where m.board_id = b.id and m.member_id = $2::bigint))`,
    [readRoles, memberId ?? null],
    'search_boards',
  );
  return rows.map(({ id }) => id);
}

export interface FoundPostRow {
  readonly id: number;
  readonly title: string;
  readonly version: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly board_id: number;
  readonly board_title: string;
  readonly board_description: string;
  readonly author_id: number;
  readonly username: string;
  readonly display_name: string;
  readonly author_deleted: boolean;
}

/** Of these posts those that the public sees by now, on those boards: the index may be a moment behind. */
export function findShownPosts(
  db: Db,
  ids: readonly number[],
  boardIds: readonly number[],
): Promise<FoundPostRow[]> {
  return db.query<FoundPostRow>(
    `select p.id, p.title, p.version, p.created_at, p.updated_at, b.id as board_id, b.title as board_title,
       b.description as board_description, m.id as author_id, m.username, m.display_name,
       m.deleted_at is not null as author_deleted
     from posts p join boards b on b.id = p.board_id join members m on m.id = p.author_id
     where p.id = any($1::bigint[]) and b.id = any($2::bigint[])
       and not p.is_draft and not p.is_deleted and p.hidden_at is null`,
    [ids, boardIds],
    'search_posts',
  );
}

/** So many different questions a day; further ones are not noted, so nobody fills the disk with them. */
const MOST_A_DAY = 5_000;

/** The first one of a day removes what is too old. */
export async function noteMiss(db: Db, question: string, keptDays: number): Promise<void> {
  await db.query(
    `with old as (
       delete from search_misses where day <= current_date - $2::integer
         and not exists (select from search_misses where day = current_date)
     )
     insert into search_misses (day, question)
     select current_date, $1
     where exists (select from search_misses where day = current_date and question = $1)
       or (select count(*) from search_misses where day = current_date) < ${MOST_A_DAY}
     on conflict (day, question) do update set times = search_misses.times + 1`,
    [question, keptDays],
    'search_miss',
  );
}

export interface MissRow {
  readonly question: string;
  readonly times: number;
  readonly last_on: string;
}

/** Most often asked first. */
export function listMisses(db: Db, days: number, limit: number): Promise<MissRow[]> {
  return db.query<MissRow>(
    `select question, sum(times)::integer as times, to_char(max(day), 'YYYY-MM-DD') as last_on
     from search_misses where day > current_date - $1::integer
     group by question order by sum(times) desc, max(day) desc, question limit $2`,
    [days, limit],
  );
}

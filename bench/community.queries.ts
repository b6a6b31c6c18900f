import type { Db } from '../src/db/pool.ts';

/** Fills a board, the oldest post first, by a member of that name; returns the post in the middle. */
export async function fillBoard(db: Db, boardId: number, author: string, posts: number): Promise<number> {
  await db.query(
    `insert into posts (board_id, author_id, place, created_at, updated_at, title, content, content_html)
     select $1, m.id, n, now() - make_interval(secs => $3 - n), now() - make_interval(secs => $3 - n),
       'Post ' || n, text, '<p>' || text || '</p>'
     from generate_series(1, $3::int) n, members m, lateral (select repeat('what people write ' || n || '. ', 10) as text) t
     where m.username = $2 order by n`,
    [boardId, author, posts],
  );
  await db.query('update board_places set last_place = $2 where board_id = $1', [boardId, posts]);
  await db.query('vacuum analyze posts');
  const [middle] = await db.query<{ id: number }>('select id from posts where board_id = $1 and place = $2', [
    boardId,
    Math.ceil(posts / 2),
  ]);
  return middle!.id;
}

/** Ids of posts with these places, in that order. */
export async function findPlaced(db: Db, boardId: number, places: readonly number[]): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `select p.id from unnest($2::bigint[]) with ordinality q(place, at) join posts p on p.board_id = $1 and p.place = q.place order by q.at`,
    [boardId, places],
  );
  return rows.map(({ id }) => id);
}

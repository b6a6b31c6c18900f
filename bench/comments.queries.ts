import type { Db } from '../src/db/pool.ts';

/** A post of that member with so many comments, of as many members of their own; returns its id. */
export async function fillThread(
  db: Db,
  boardId: number,
  author: string,
  commenters: number,
): Promise<number> {
  const [post] = await db.query<{ id: number }>(
    `with place as (
       insert into board_places as p (board_id, last_place) values ($1, 1)
       on conflict (board_id) do update set last_place = p.last_place + 1 returning last_place
     )
     insert into posts (board_id, author_id, place, title, content, content_html)
     select $1, m.id, place.last_place, 'A thread', 'text', '<p>text</p>' from place, members m where m.username = $2
     returning id`,
    [boardId, author],
  );
  await db.query(
    `with many as (
       insert into members (username, password_hash, display_name)
       select 'thread-' || $1::bigint || '-' || n || '@example.com', 'none', 'Member of the thread'
       from generate_series(1, $2::int) n returning id
     )
     insert into comments (post_id, author_id, content, content_html)
     select $1, id, text, '<p>' || text || '</p>'
     from many, lateral (select repeat('what people answer ' || id || '. ', 4) as text) t`,
    [post!.id, commenters],
  );
  await db.query('vacuum analyze comments');
  return post!.id;
}

export async function countTold(db: Db, postId: number): Promise<number> {
  const [row] = await db.query<{ told: number }>(
    'select count(*)::int as told from notifications where post_id = $1',
    [postId],
  );
  return row!.told;
}

/** Jobs that are neither done nor given up. */
export async function countDue(db: Db): Promise<number> {
  const [row] = await db.query<{ due: number }>(
    'select count(*)::int as due from jobs where parked_at is null',
  );
  return row!.due;
}

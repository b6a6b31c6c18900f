import type { Db } from '../src/db/pool.ts';

/** Text of one post. */
export interface PostText {
  readonly title: string;
  readonly html: string;
}

/** A member with a board, and these posts on it. */
export async function fillPosts(db: Db, posts: readonly PostText[]): Promise<void> {
  const [place] = await db.query<{ board: number; author: number }>(
    `with author as (
       insert into members (username, password_hash, display_name) values ('author@example.com', 'none', 'Author') returning id
     ), board as (
       insert into boards (title, title_key) values ('Board', 'board') returning id
     ) select board.id as board, author.id as author from board, author`,
  );
  const { board, author } = place!;
  for (let from = 0; from < posts.length; from += 5_000) {
    const some = posts.slice(from, from + 5_000);
    await db.query(
      `insert into posts (board_id, author_id, place, title, content, content_html, created_at)
       select $1, $2, $3 + at, title, '', html, now() - make_interval(mins => ($4 - $3 - at)::integer)
       from unnest($5::text[], $6::text[]) with ordinality as post(title, html, at)`,
      [board, author, from, posts.length, some.map((one) => one.title), some.map((one) => one.html)],
    );
  }
  await db.query('analyze posts');
}

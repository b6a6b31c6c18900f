import type { Db } from '../../db/pool.ts';
import { KEYSET_LIMIT } from '../../http/paging.ts';
import type { Clock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { createReadCache, type ReadCache } from '../../kit/read-cache.ts';
import type { CachedPost } from './post-cache.ts';
import { listPages, listPinned, type PlainPage } from './posts.queries.ts';

/** Of a board; the rest of its first page is the newest ones. */
export const MOST_PINNED = 5;

/** One page of a board without filters: ids alone, what they name comes from the cache of posts. */
export interface PostPage {
  /** First, on the first page alone. */
  readonly pinned: readonly number[];
  readonly ids: readonly number[];
  readonly hasOlder: boolean;
  /** False where `last_id` or `first_id` is no post with a place here. */
  readonly known: boolean;
  /** What this page names and the cache of posts did not show has been asked for anew. */
  isChecked?: boolean;
  /** The answer for everybody, and the posts that it was made of. */
  shown?: { readonly posts: readonly CachedPost[]; readonly body: string };
}

export type PostPages = ReadCache<string, PostPage, number>;

export function toPageKey({ boardId, lastId, firstId }: PlainPage): string {
  return `${boardId}|${lastId ?? ''}|${firstId ?? ''}`;
}

function parseKey(key: string): PlainPage {
  const [boardId, lastId, firstId] = key.split('|');
  const optional = (text: string | undefined) => (text === '' ? undefined : Number(text));
  return { boardId: Number(boardId), lastId: optional(lastId), firstId: optional(firstId) };
}

/** Pages at most a second old; what changes a board's list makes all its pages new. */
export function createPostPages(db: Db, clock: Clock, log: Logger): PostPages {
  return createReadCache<string, PostPage, number>({
    what: 'lists of posts',
    read: async (keys) => {
      const pages = keys.map(parseKey);
      const firsts = pages.filter(isFirst).map(({ boardId }) => boardId);
      const [rows, pinned] = await Promise.all([
        listPages(db, pages, KEYSET_LIMIT),
        firsts.length > 0 ? listPinned(db, firsts) : [],
      ]);
      return new Map(rows.map((row) => [keys[row.at - 1]!, toPage(pages[row.at - 1]!, row, pinned)]));
    },
    groupOf: (key) => Number(key.slice(0, key.indexOf('|'))),
    maxEntries: 5_000,
    maxBytes: 64 * 2 ** 20,
    // The body that is made of it later is bounded by what the posts in it may take.
    sizeOf: () => 10_000,
    clock,
    log,
  });
}

function isFirst({ lastId, firstId }: PlainPage): boolean {
  return lastId === undefined && firstId === undefined;
}

function toPage(
  page: PlainPage,
  { ids, known }: { readonly ids: readonly number[]; readonly known: boolean },
  pinned: readonly { readonly id: number; readonly board_id: number }[],
): PostPage {
  const first = isFirst(page)
    ? pinned.flatMap(({ id, board_id }) => (board_id === page.boardId ? id : [])).slice(0, MOST_PINNED)
    : [];
  const room = ids.slice(0, KEYSET_LIMIT - first.length);
  const hasOlder =
    page.firstId !== undefined ? ids.length > 0 : ids.length === KEYSET_LIMIT || ids.length > room.length;
  return { pinned: first, ids: room, hasOlder, known };
}

import { invalid } from '../../kit/errors.ts';
import type { SearchIndex } from '../../ports/search-index.ts';
import { isPublic, type KeywordSearch, type PostCache, toListedJson } from '../posts/index.ts';

interface KeywordSearchDeps {
  readonly search: SearchIndex;
  readonly posts: PostCache;
}

const PAGE = 10;

/**
 * `keyword` of a board's list: posts as the list shows them, with `highlights`, best match first; `last_id` is the last one of
 * the page before.
 */
export function createKeywordSearch({ search, posts }: KeywordSearchDeps): KeywordSearch {
  return async (request, reply, { keyword, boardId, authorId, from, to, viewer }) => {
    const { last_id: afterId, first_id: firstId } = request.query as { last_id?: number; first_id?: number };
    if (firstId !== undefined)
      throw invalid([{ path: 'first_id', message: 'goes with no keyword: best matches come first' }]);
    const { hits } = await search.search({
      text: keyword,
      boardIds: [boardId],
      authorId,
      from,
      to,
      afterId,
      limit: PAGE,
      offset: 0,
    });
    const found = await Promise.all(hits.map(({ postId }) => posts.get(postId)));
    const items = hits.flatMap(({ title, snippet }, at) => {
      const post = found[at];
      // The index may be a moment behind what was deleted, hidden or moved.
      if (!post || !isPublic(post.row) || post.row.board_id !== boardId) return [];
      const highlights = JSON.stringify({ title, content: snippet });
      return [`${toListedJson(post, viewer).slice(0, -1)},"highlights":${highlights}}`];
    });
    const last = hits.at(-1);
    if (last && hits.length === PAGE) reply.header('link', toNextLink(request.url, last.postId));
    return `[${items.join(',')}]`;
  };
}

/** RFC 8288. */
function toNextLink(path: string, lastId: number): string {
  const url = new URL(path, 'http://localhost');
  url.searchParams.set('last_id', String(lastId));
  return `<${url.pathname}${url.search}>; rel="next"`;
}

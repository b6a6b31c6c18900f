import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Viewer } from '../../http/authenticate.ts';
import { KEYSET_LIMIT, toKeysetLink } from '../../http/paging.ts';
import { requireViewer } from '../../http/policy.ts';
import { AppError, type FieldError, invalid } from '../../kit/errors.ts';
import { type BoardRow, canModerate } from '../boards/index.ts';
import { parseInstant } from '../collecting/index.ts';
import { type CachedPost, isPublic, seesWhole, toListedJson } from './post-cache.ts';
import { type PostPage, toPageKey } from './post-list.ts';
import { listFiltered, listPutAside } from './posts.queries.ts';
import type { PostListQuery } from './posts.schemas.ts';
import { getBoard, type Posts } from './posts.service.ts';

export interface KeywordFilter {
  readonly keyword: string;
  readonly boardId: number;
  readonly authorId: number | undefined;
  readonly from: Date | undefined;
  readonly to: Date | undefined;
  readonly viewer: Viewer | undefined;
}

/** The list's answer to `keyword`, best match first, as JSON. The viewer may read the board. */
export type KeywordSearch = (
  request: FastifyRequest,
  reply: FastifyReply,
  filter: KeywordFilter,
) => Promise<string>;

interface ListDeps extends Pick<Posts, 'db' | 'boards' | 'posts' | 'pages'> {
  readonly search: KeywordSearch | undefined;
}

/** GET /api/boards/{b}/posts, by what it is asked for: the JSON, its headers set. */
export async function listPosts(
  request: FastifyRequest,
  reply: FastifyReply,
  boardId: number,
  query: PostListQuery,
  deps: ListDeps,
): Promise<string> {
  const board = await getBoard(deps.boards, boardId, request.viewer);
  if (query.state !== undefined) return sendPutAside(request, reply, board, query, deps);
  const { author, keyword, last_id: lastId, first_id: firstId } = query;
  if (keyword !== undefined || author !== undefined || query.from !== undefined || query.to !== undefined) {
    const filter = { boardId, authorId: author, ...readRange(query) };
    if (keyword !== undefined) {
      if (!deps.search) throw new AppError('unavailable', 'There is no search on this server.');
      return deps.search(request, reply, { ...filter, keyword, viewer: request.viewer });
    }
    const ids = await listFiltered(deps.db, { ...filter, lastId, firstId, limit: KEYSET_LIMIT });
    const posts = shownOf(await loadNamed({}, ids, board, deps), board);
    return withLink(reply, toKeysetLink(request.url, query, ids), toBody(posts, request.viewer));
  }
  const page = await deps.pages.get(
    toPageKey({ boardId, lastId, firstId: lastId === undefined ? firstId : undefined }),
  );
  if (!page?.known)
    throw invalid([
      {
        path: lastId === undefined ? 'first_id' : 'last_id',
        message: 'is no published post of this board; begin again without it',
      },
    ]);
  const link = toKeysetLink(request.url, query, page.ids, page.hasOlder);
  return withLink(reply, link, await toPageBody(page, board, request.viewer, deps));
}

function readRange(query: PostListQuery): { from: Date | undefined; to: Date | undefined } {
  const errors: FieldError[] = [];
  const read = (path: 'from' | 'to') => {
    const parsed = parseInstant(query[path]);
    if (typeof parsed === 'string') errors.push({ path, message: parsed });
    else if (parsed.value !== undefined) return new Date(parsed.value);
    return undefined;
  };
  const range = { from: read('from'), to: read('to') };
  if (errors.length > 0) throw invalid(errors);
  return range;
}

/** For nearly everybody it is one prepared text, made again only when one of its posts is another object. */
async function toPageBody(
  page: PostPage,
  board: BoardRow,
  viewer: Viewer | undefined,
  deps: ListDeps,
): Promise<string> {
  const found = page.pinned.length === 0 ? page.ids : [...page.pinned, ...page.ids];
  const loaded = loadNamed(page, found, board, deps);
  const posts = Array.isArray(loaded) ? loaded : await loaded;
  if (posts.some(({ row }) => seesWhole(row, viewer))) return toBody(shownOf(posts, board), viewer);
  const { shown } = page;
  if (shown && shown.posts.length === posts.length && shown.posts.every((post, at) => post === posts[at]))
    return shown.body;
  const body = toBody(shownOf(posts, board), undefined);
  page.shown = { posts, body };
  return body;
}

/** The page may be a second older than what it names. */
function shownOf(posts: readonly CachedPost[], board: BoardRow): readonly CachedPost[] {
  return posts.filter(({ row }) => isPublic(row) && row.board_id === board.id);
}

/**
 * The posts that a page names. One that is not shown may have been read before it was published, and the page after: readers
 * who went on from there would never see it. So it is read again, once a page.
 */
function loadNamed(
  page: Pick<PostPage, 'isChecked'>,
  ids: readonly number[],
  board: BoardRow,
  deps: Pick<Posts, 'posts'>,
): readonly CachedPost[] | Promise<readonly CachedPost[]> {
  const check = (posts: readonly CachedPost[]) => {
    const shown = shownOf(posts, board);
    if (shown.length === ids.length) return posts;
    const shownIds = new Set(shown.map(({ row }) => row.id));
    if (!page.isChecked) for (const id of ids) if (!shownIds.has(id)) deps.posts.forget(id);
    page.isChecked = true;
    return loadPosts(ids, deps);
  };
  const loaded = loadPosts(ids, deps);
  return Array.isArray(loaded) ? check(loaded) : (loaded as Promise<readonly CachedPost[]>).then(check);
}

/** One read for all that are not known, none where all are. */
function loadPosts(
  ids: readonly number[],
  { posts }: Pick<Posts, 'posts'>,
): readonly CachedPost[] | Promise<readonly CachedPost[]> {
  const found = ids.map((id) => posts.get(id));
  if (!found.some((one) => one instanceof Promise))
    return (found as (CachedPost | undefined)[]).filter(isThere);
  return Promise.all(found).then((all) => all.filter(isThere));
}

function isThere(post: CachedPost | undefined): post is CachedPost {
  return post !== undefined;
}

async function sendPutAside(
  request: FastifyRequest,
  reply: FastifyReply,
  board: BoardRow,
  query: PostListQuery,
  deps: ListDeps,
): Promise<string> {
  const { viewer } = request;
  requireViewer(viewer);
  const seesAll = query.state === 'deleted' && canModerate(board, viewer);
  const ids = await listPutAside(deps.db, {
    boardId: board.id,
    state: query.state!,
    authorId: seesAll ? query.author : viewer.memberId,
    lastId: query.last_id,
    limit: KEYSET_LIMIT,
  });
  const posts = await loadPosts(ids, deps);
  return withLink(reply, toKeysetLink(request.url, query, ids), toBody(posts, viewer));
}

function toBody(posts: readonly CachedPost[], viewer: Viewer | undefined): string {
  return `[${posts.map((post) => toListedJson(post, viewer)).join(',')}]`;
}

function withLink(reply: FastifyReply, link: string | undefined, body: string): string {
  if (link !== undefined) reply.header('link', link);
  return body;
}

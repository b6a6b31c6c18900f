import type { Claim } from '../../db/idempotency.ts';
import { findAnswer } from '../../db/idempotency.ts';
import type { InsertGroups } from '../../db/insert-groups.ts';
import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import { hasRole } from '../../http/policy.ts';
import { type Precondition, staleVersion } from '../../http/preconditions.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import {
  archivedBoard,
  type BoardCache,
  type BoardRow,
  canModerate,
  requireModerator,
  requireOpen,
  requireReadable,
  requireWritable,
  unknownBoard,
} from '../boards/index.ts';
import { type Changed, deletePost, editPost, pinPost, restorePost } from './change-posts.queries.ts';
import type { CreatedPost, NewPost } from './create-posts.queries.ts';
import { type CachedPost, isPublic, type PostCache } from './post-cache.ts';
import { MOST_PINNED, type PostPages } from './post-list.ts';
import type { PostRow } from './posts.queries.ts';
import type { PostBody, PostParams, PostPatchBody } from './posts.schemas.ts';
import type { Renderer } from './rendering.ts';

/** What is said of a text before it is shown: refused ones throw `invalid`, held ones wait for a moderator. */
export type JudgeText = (memberId: number, path: string, text: string) => Promise<'show' | 'hold'>;

export interface Posts {
  readonly db: Db;
  readonly boards: BoardCache;
  readonly posts: PostCache;
  readonly pages: PostPages;
  readonly groups: InsertGroups<NewPost, CreatedPost>;
  readonly renderer: Renderer;
  readonly judgeText: JudgeText;
}

/** A board that the viewer may read, or 404. */
export async function getBoard(
  boards: BoardCache,
  id: number,
  viewer: Viewer | undefined,
): Promise<BoardRow> {
  const found = boards.get(id);
  const board = found instanceof Promise ? await found : found;
  requireReadable(id, board, viewer);
  return board;
}

/** A post as this viewer may see it: public ones, and the own draft. 404 for all others, whatever the reason. */
export async function getPost(
  { boards, posts }: Pick<Posts, 'boards' | 'posts'>,
  { b, p }: PostParams,
  viewer: Viewer | undefined,
): Promise<CachedPost> {
  await getBoard(boards, b, viewer);
  const found = posts.get(p);
  const post = found instanceof Promise ? await found : found;
  if (!post || post.row.board_id !== b || !isSeen(post.row, viewer)) throw unknownPost(p);
  return post;
}

function isSeen(row: PostRow, viewer: Viewer | undefined): boolean {
  if (isPublic(row)) return true;
  return row.is_draft && !row.is_deleted && row.author_id === viewer?.memberId;
}

/** The post in any state, with its board; 404 where the viewer could not know of it. */
export async function getKnownPost(
  { boards, posts }: Pick<Posts, 'boards' | 'posts'>,
  { b, p }: PostParams,
  viewer: Viewer,
): Promise<{ board: BoardRow; row: PostRow }> {
  const board = await getBoard(boards, b, viewer);
  const row = (await posts.get(p))?.row;
  const isOwn = row?.author_id === viewer.memberId;
  if (
    !row ||
    row.board_id !== b ||
    !(isOwn || isPublic(row) || (!row.is_draft && canModerate(board, viewer)))
  )
    throw unknownPost(p);
  return { board, row };
}

export async function createPost(
  deps: Posts,
  boardId: number,
  viewer: Viewer,
  body: PostBody,
  claim: Claim | undefined,
): Promise<PostRow> {
  requireWritable(await getBoard(deps.boards, boardId, viewer), viewer);
  const text = toText(body);
  const rendered = deps.renderer.render('content', text.content!);
  const contentHtml = typeof rendered === 'string' ? rendered : await rendered;
  const isDraft = body.is_draft ?? false;
  const held = !isDraft && (await isHeld(deps, viewer.memberId, text.title!, text.content!));
  const post = {
    boardId,
    authorId: viewer.memberId,
    title: text.title!,
    content: text.content!,
    contentHtml,
    isDraft,
    held,
  };
  const known = claim && (await findAnswer<CreatedPost>(deps.db, claim));
  const written = known ? { made: known.answer } : await deps.groups.create({ ...post, claim });
  if (!('made' in written)) throw await whyClosed(deps, boardId);
  const { made } = written;
  deps.posts.forget(made.id);
  if (!isDraft) deps.pages.forget(boardId);
  const { created_at, ...beside } = made;
  return {
    ...beside,
    board_id: boardId,
    author_id: viewer.memberId,
    version: 1,
    created_at: new Date(created_at),
    updated_at: new Date(created_at),
    // Its author sees it as it was written.
    hidden_at: null,
    pinned_at: null,
    is_draft: isDraft,
    is_deleted: false,
    views: 0,
    title: post.title,
    content: post.content,
    content_html: contentHtml,
  };
}

export async function changePost(
  deps: Posts,
  params: PostParams,
  viewer: Viewer,
  body: PostPatchBody,
  expected: Precondition,
): Promise<PostRow> {
  const { board, row } = await getKnownPost(deps, params, viewer);
  // An admin does not see what nobody has published.
  if (row.author_id !== viewer.memberId && !hasRole(viewer, ['admin']))
    throw new AppError('not_allowed', 'Only its author or an admin may edit a post.');
  requireOpen(board);
  if (body.title === undefined && body.content === undefined && body.is_draft === undefined)
    throw invalid([{ path: '', message: 'names nothing to change: title, content or is_draft' }]);
  if (body.is_draft && !row.is_draft)
    throw invalid([{ path: 'is_draft', message: 'a published post cannot become a draft again; delete it' }]);
  const { title, content } = toText(body);
  const contentHtml = content === undefined ? undefined : await deps.renderer.render('content', content);
  const publish = body.is_draft === false;
  const shows = publish || !row.is_draft;
  const held = shows && (await isHeld(deps, row.author_id, title ?? row.title, content ?? row.content));
  const edit = { title, content, contentHtml, publish, editorId: viewer.memberId, held };
  const changed = await editPost(deps.db, params.p, params.b, expected.versions, edit);
  return conclude(deps, params, changed, expected);
}

async function isHeld(
  { judgeText }: Posts,
  authorId: number,
  title: string,
  content: string,
): Promise<boolean> {
  const [first, second] = [
    await judgeText(authorId, 'title', title),
    await judgeText(authorId, 'content', content),
  ];
  return first === 'hold' || second === 'hold';
}

export async function removePost(
  deps: Posts,
  params: PostParams,
  viewer: Viewer,
  expected: Precondition,
): Promise<PostRow> {
  const { board, row } = await getKnownPost(deps, params, viewer);
  if (row.author_id !== viewer.memberId && !hasRole(viewer, ['admin']))
    throw new AppError('not_allowed', 'Only its author or an admin may delete a post.');
  requireOpen(board);
  const changed = await deletePost(deps.db, params.p, params.b, expected.versions, viewer.memberId);
  return conclude(deps, params, changed, expected);
}

const ANY: Precondition = { versions: undefined, byHeader: false };

/** Its author, where the author deleted it; who moderates, any. */
export async function bringBack(deps: Posts, params: PostParams, viewer: Viewer): Promise<PostRow> {
  const { board } = await getKnownPost(deps, params, viewer);
  requireOpen(board);
  const ownId = canModerate(board, viewer) ? undefined : viewer.memberId;
  const changed = await restorePost(deps.db, params.p, params.b, ownId);
  if (changed && !changed.post)
    throw new AppError(
      'not_allowed',
      'A moderator deleted this post; only a moderator of the board may restore it.',
    );
  return conclude(deps, params, changed, ANY);
}

export async function setPinned(
  deps: Posts,
  params: PostParams,
  viewer: Viewer,
  pinned: boolean,
): Promise<PostRow> {
  const board = await getBoard(deps.boards, params.b, viewer);
  requireModerator(board, viewer);
  requireOpen(board);
  const changed = await pinPost(deps.db, params.p, params.b, pinned, MOST_PINNED);
  if (changed && !changed.post)
    throw new AppError('conflict', `This board has ${MOST_PINNED} pinned posts already. Unpin one first.`, {
      extra: { reason: 'too_many_pinned' },
    });
  return conclude(deps, params, changed, ANY);
}

/** The answer is the row as this very change left it: read again, it could be another's. */
async function conclude(
  deps: Posts,
  { b, p }: PostParams,
  changed: Changed | undefined,
  expected: Precondition,
): Promise<PostRow> {
  deps.posts.forget(p);
  if (!changed) throw (await whyClosed(deps, b, p)) ?? unknownPost(p);
  if (!changed.post) throw staleVersion(expected, changed.version);
  deps.pages.forget(b);
  return changed.post;
}

async function whyClosed({ boards }: Pick<Posts, 'boards'>, b: number, p?: number): Promise<AppError> {
  boards.forget(b);
  const board = await boards.get(b);
  if (!board || board.deleted_at !== null) return unknownBoard(b);
  if (board.archived_at !== null) return archivedBoard();
  return p === undefined ? unknownBoard(b) : unknownPost(p);
}

function toText(body: PostPatchBody): { title: string | undefined; content: string | undefined } {
  const title = body.title?.normalize('NFC').trim();
  const content = body.content?.normalize('NFC');
  if (title === '') throw invalid([{ path: 'title', message: 'must not be empty' }]);
  if (content?.trim() === '') throw invalid([{ path: 'content', message: 'must not be empty' }]);
  return { title, content };
}

export function unknownPost(id: number): AppError {
  return new AppError('not_found', `There is no post ${id} on this board.`);
}

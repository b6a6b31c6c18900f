import { type Claim, findAnswer } from '../../db/idempotency.ts';
import type { InsertGroups } from '../../db/insert-groups.ts';
import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import { type Precondition, staleVersion } from '../../http/preconditions.ts';
import { AppError, invalid } from '../../kit/errors.ts';
import { type BoardCache, canModerate, requireOpen, requireWritable } from '../boards/index.ts';
import {
  getBoard,
  getPost,
  type JudgeText,
  type PostCache,
  type Renderer,
  unknownPost,
} from '../posts/index.ts';
import { type CachedPage, type CommentPages, toPageKey } from './comment-pages.ts';
import { type CommentRow, deleteComment, editComment, findComment, type PageOf } from './comments.queries.ts';
import type { CommentBody, CommentParams, CommentPatchBody } from './comments.schemas.ts';
import { type CreatedComment, findParent, type NewComment } from './create-comments.queries.ts';

export interface Comments {
  readonly db: Db;
  readonly boards: BoardCache;
  readonly posts: PostCache;
  readonly pages: CommentPages;
  readonly groups: InsertGroups<NewComment, CreatedComment>;
  readonly renderer: Renderer;
  readonly judgeText: JudgeText;
}

type PostParams = Pick<CommentParams, 'b' | 'p'>;

/** 404 where the post, or the parent on it, is not shown to this viewer. */
export async function getPage(
  { boards, posts, pages }: Comments,
  params: PostParams,
  viewer: Viewer | undefined,
  slice: Omit<PageOf, 'postId'>,
): Promise<CachedPage> {
  await getPost({ boards, posts }, params, viewer);
  const found = pages.get(toPageKey({ ...slice, postId: params.p }));
  const page = found instanceof Promise ? await found : found;
  if (!page) throw slice.parentId === undefined ? unknownPost(params.p) : unknownComment(slice.parentId);
  return page;
}

export async function createComment(
  deps: Comments,
  { b, p }: PostParams,
  viewer: Viewer,
  body: CommentBody,
  claim: Claim | undefined,
): Promise<CommentRow> {
  requireWritable(await getBoard(deps.boards, b, viewer), viewer);
  const content = toContent(body.content);
  const held = (await deps.judgeText(viewer.memberId, 'content', content)) === 'hold';
  const contentHtml = await deps.renderer.render('content', content);
  const parentId = body.parent || undefined;
  const comment = { boardId: b, postId: p, parentId, authorId: viewer.memberId, content, contentHtml, held };
  const known = claim && (await findAnswer<CreatedComment>(deps.db, claim));
  const written = known ? { made: known.answer } : await deps.groups.create({ ...comment, claim });
  if ('refused' in written) throw await whyNot(deps, { b, p }, viewer, parentId);
  deps.pages.forget(p);
  const { made } = written;
  const at = new Date(made.created_at);
  return {
    id: made.id,
    post_id: p,
    parent_id: parentId ?? null,
    author_id: viewer.memberId,
    replies: 0,
    version: 1,
    created_at: at,
    updated_at: at,
    is_deleted: false,
    // Its author sees it as it was written; others once a moderator has looked.
    hidden_at: null,
    content,
    content_html: contentHtml,
    username: made.username,
    display_name: made.display_name,
  };
}

async function whyNot(
  { db, boards, posts }: Comments,
  { b, p }: PostParams,
  viewer: Viewer,
  parentId: number | undefined,
): Promise<AppError> {
  posts.forget(p);
  boards.forget(b);
  requireOpen(await getBoard(boards, b, viewer));
  await getPost({ boards, posts }, { b, p }, viewer);
  const parent = parentId === undefined ? undefined : await findParent(db, p, parentId);
  if (parent?.depth === 1)
    return invalid([{ path: 'parent', message: 'is a reply itself; replies are one level deep' }]);
  return parentId === undefined ? unknownPost(p) : unknownComment(parentId);
}

export async function changeComment(
  deps: Comments,
  { b, p, c }: CommentParams,
  viewer: Viewer,
  body: CommentPatchBody,
  expected: Precondition,
): Promise<CommentRow> {
  const row = await getOwn(deps, { b, p, c }, viewer, false);
  const content = toContent(body.content);
  const held = (await deps.judgeText(row.author_id, 'content', content)) === 'hold';
  const contentHtml = await deps.renderer.render('content', content);
  const changed = await editComment(deps.db, p, c, expected.versions, { content, contentHtml, held });
  deps.pages.forget(p);
  if (!changed) throw unknownComment(c);
  if (!changed.comment) throw staleVersion(expected, changed.version);
  return { ...changed.comment, hidden_at: null };
}

export async function removeComment(deps: Comments, params: CommentParams, viewer: Viewer): Promise<void> {
  await getOwn(deps, params, viewer, true);
  const deleted = await deleteComment(deps.db, params.p, params.c);
  deps.pages.forget(params.p);
  if (!deleted) throw unknownComment(params.c);
}

/** The viewer's own, or (`orModerates`) one on a board that the viewer moderates. A tombstone is nobody's any more. */
async function getOwn(
  { db, boards, posts }: Comments,
  { b, p, c }: CommentParams,
  viewer: Viewer,
  orModerates: boolean,
): Promise<CommentRow> {
  const board = await getBoard(boards, b, viewer);
  await getPost({ boards, posts }, { b, p }, viewer);
  const row = await findComment(db, p, c);
  const moderates = orModerates && canModerate(board, viewer);
  if (!row || row.is_deleted || (row.hidden_at !== null && !moderates)) throw unknownComment(c);
  if (row.author_id !== viewer.memberId && !moderates)
    throw new AppError(
      'not_allowed',
      orModerates
        ? 'Only its author, a moderator or an admin may delete a comment.'
        : 'Only its author may edit a comment.',
    );
  requireOpen(board);
  return row;
}

function toContent(text: string): string {
  const content = text.normalize('NFC');
  if (content.trim() === '') throw invalid([{ path: 'content', message: 'must not be empty' }]);
  return content;
}

function unknownComment(id: number): AppError {
  return new AppError('not_found', `There is no comment ${id} on this post.`);
}

/** Boards, posts, comments and what members do with them: one function a route. */
import type { Got, Query, Sent } from '../api.ts';
import type { paths } from '../openapi.d.ts';
import { ApiError, findLink, open, request } from '../request.ts';

export type Board = Got<'/api/boards'>[number];
export type NewBoard = Sent<paths['/api/boards']['post']>;
export type BoardPatch = Sent<paths['/api/boards/{b}']['patch']>;
export type ListedPost = Got<'/api/boards/{b}/posts'>[number];
export type PostQuery = Query<'/api/boards/{b}/posts'>;
export type Post = Got<'/api/boards/{b}/posts/{p}'>;
export type NewPost = Sent<paths['/api/boards/{b}/posts']['post']>;
export type PostPatch = Sent<paths['/api/boards/{b}/posts/{p}']['put']>;
export type Version = Got<'/api/boards/{b}/posts/{p}/history'>[number];
export type VersionText = Got<'/api/boards/{b}/posts/{p}/history/{version}'>;
export type Change = VersionText['diff']['content'][number];
export type CommentPage = Got<'/api/boards/{b}/posts/{p}/comments'>;
export type Comment = CommentPage['results'][number];
export type Reaction = Got<'/api/reactions/{kind}/{id}'>[number];
export type Emoji = Reaction['emoji'];
export type ReportBody = Sent<paths['/api/reports/{kind}/{id}']['post']>;
export type Found = Got<'/api/search'>;
export type Bookmark = Got<'/api/bookmarks'>[number];

export interface Subject {
  kind: 'post' | 'comment';
  id: number;
}
/** A part of a keyset list: the address of the next part in each direction. */
export interface Part<Item> {
  items: Item[];
  older: number | undefined;
}
export interface PostAt {
  b: number;
  p: number;
}
export const COMMENTS_A_PAGE = 20;

const pathOf = ({ b, p }: PostAt) => `/boards/${b}/posts/${p}`;
const toPart = async <Item>(response: Response): Promise<Part<Item>> => {
  const last = findLink(response, 'next')?.get('last_id');
  return { items: (await response.json()) as Item[], older: last ? Number(last) : undefined };
};

export const listBoards = async (lastId: number, signal?: AbortSignal): Promise<Part<Board>> =>
  toPart(await open('GET', '/boards', { query: lastId ? { last_id: lastId } : {}, signal }));
export const getBoard = (b: number, signal?: AbortSignal) =>
  request<Board>('GET', `/boards/${b}`, { signal });
export const createBoard = (body: NewBoard, key: string) =>
  request<Pick<Board, 'id' | 'title'>>('POST', '/boards', { body, headers: { 'idempotency-key': key } });
export const patchBoard = (b: number, body: BoardPatch) => request<Board>('PATCH', `/boards/${b}`, { body });
export const deleteBoard = (b: number) => request<void>('DELETE', `/boards/${b}`);
export const listModerators = (b: number, signal?: AbortSignal) =>
  request<Got<'/api/boards/{b}/moderators'>>('GET', `/boards/${b}/moderators`, { signal });

export const listPosts = async (b: number, query: PostQuery, signal?: AbortSignal) =>
  toPart<ListedPost>(await open('GET', `/boards/${b}/posts`, { query, signal }));
/** Records a view. */
export const viewPost = (at: PostAt, signal?: AbortSignal) => request<Post>('GET', pathOf(at), { signal });
export const createPost = (b: number, body: NewPost, key: string) =>
  request<Post>('POST', `/boards/${b}/posts`, { body, headers: { 'idempotency-key': key } });
export const changePost = (at: PostAt, body: PostPatch) => request<Post>('PUT', pathOf(at), { body });
export const deletePost = (at: PostAt) => request<Post>('DELETE', pathOf(at));
export const restorePost = (at: PostAt) => request<Post>('POST', `${pathOf(at)}/restore`);
export const pinPost = (at: PostAt, pinned: boolean) =>
  request<Post>(pinned ? 'PUT' : 'DELETE', `${pathOf(at)}/pin`);
export const listVersions = async (at: PostAt, lastId: number, signal?: AbortSignal) =>
  toPart<Version>(
    await open('GET', `${pathOf(at)}/history`, { query: lastId ? { last_id: lastId } : {}, signal }),
  );
export const getVersion = (at: PostAt, version: number, signal?: AbortSignal) =>
  request<VersionText>('GET', `${pathOf(at)}/history/${version}`, { signal });
/** What a post says now, without a view of it. */
export const getLatestText = async (at: PostAt): Promise<VersionText | undefined> => {
  const { items } = await listVersions(at, 0);
  return items[0] && getVersion(at, items[0].version);
};

export const listComments = (at: PostAt, page: number, signal?: AbortSignal) =>
  request<CommentPage>('GET', `${pathOf(at)}/comments`, { query: { page }, signal });
export const listReplies = (at: PostAt, root: number, page: number, signal?: AbortSignal) =>
  request<CommentPage>('GET', `${pathOf(at)}/comments/${root}/replies`, { query: { page }, signal });
export const createComment = (
  at: PostAt,
  body: Sent<paths['/api/boards/{b}/posts/{p}/comments']['post']>,
  key: string,
) => request<Comment>('POST', `${pathOf(at)}/comments`, { body, headers: { 'idempotency-key': key } });
export const changeComment = (at: PostAt, c: number, content: string, version: number) =>
  request<Comment>('PUT', `${pathOf(at)}/comments/${c}`, { body: { content, version } });
export const deleteComment = (at: PostAt, c: number) =>
  request<void>('DELETE', `${pathOf(at)}/comments/${c}`);

export const listReactions = ({ kind, id }: Subject, signal?: AbortSignal) =>
  request<Reaction[]>('GET', `/reactions/${kind}/${id}`, { signal });
export const react = ({ kind, id }: Subject, emoji: Emoji, on: boolean) =>
  request<Reaction[]>(on ? 'PUT' : 'DELETE', `/reactions/${kind}/${id}/${encodeURIComponent(emoji)}`);
export const report = ({ kind, id }: Subject, body: ReportBody) =>
  request<unknown>('POST', `/reports/${kind}/${id}`, { body });

export const listBookmarks = async (lastId: number, signal?: AbortSignal) =>
  toPart<Bookmark>(await open('GET', '/bookmarks', { query: lastId ? { last_id: lastId } : {}, signal }));
export const bookmark = (p: number, on: boolean) => request<void>(on ? 'PUT' : 'DELETE', `/bookmarks/${p}`);

export const search = (query: Query<'/api/search'>, signal?: AbortSignal) =>
  request<Found>('GET', '/search', { query, signal });
export const attach = (file: File) =>
  request<Sent201<paths['/api/attachments']['post']>>('POST', '/attachments', { body: file });

type Sent201<Act> = Act extends { responses: { 201: { content: { 'application/json': infer Body } } } }
  ? Body
  : never;

/** Whether nothing was overwritten because somebody was faster; the version that it is now. */
export const conflictOf = (error: unknown): number | undefined =>
  error instanceof ApiError && error.problem.reason === 'stale_version'
    ? error.problem.current_version
    : undefined;

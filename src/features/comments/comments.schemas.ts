import { type Static, Type } from 'typebox';
import { plainText, RowId } from '../../http/field-types.ts';
import { PageQuery, pageOf } from '../../http/paging.ts';

const strict = { additionalProperties: false };
const Content = plainText({ minLength: 1, maxLength: 10_000, lines: true });

export const CommentBody = Type.Object(
  {
    content: Content,
    parent: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }), Type.Null()], {
        description: 'the root comment that is replied to; none, null or 0: a root',
      }),
    ),
  },
  strict,
);
export type CommentBody = Static<typeof CommentBody>;

export const CommentPatchBody = Type.Object(
  {
    content: Content,
    version: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The version that is edited; another one now: 409.' }),
    ),
  },
  strict,
);
export type CommentPatchBody = Static<typeof CommentPatchBody>;

export const PostParams = Type.Object({ b: RowId, p: RowId });
export const CommentParams = Type.Object({ b: RowId, p: RowId, c: RowId });
export type CommentParams = Static<typeof CommentParams>;
export const CommentsQuery = PageQuery;

export const Comment = Type.Object({
  id: Type.Integer(),
  parent: Type.Union([Type.Integer(), Type.Null()]),
  content: Type.String({ description: 'Markdown; empty once deleted' }),
  content_html: Type.String({ description: 'Safe to put into a page' }),
  author: Type.Union(
    [Type.Object({ id: Type.Integer(), username: Type.String(), display_name: Type.String() }), Type.Null()],
    { description: 'null once deleted' },
  ),
  is_deleted: Type.Boolean(),
  replies: Type.Integer({ description: 'of a root: how many are shown' }),
  version: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type Comment = Static<typeof Comment>;
export const CommentPage = pageOf(Comment);

import { type Static, Type } from 'typebox';
import { plainText, RowId } from '../../http/field-types.ts';

const strict = { additionalProperties: false };

export const MAX_CONTENT = 50_000;

const Title = plainText({ minLength: 1, maxLength: 200 });
const Content = plainText({ minLength: 1, maxLength: MAX_CONTENT, lines: true });

export const PostBody = Type.Object(
  {
    title: Title,
    content: Content,
    is_draft: Type.Optional(
      Type.Boolean({ description: 'Seen by its author alone, until it is published.' }),
    ),
  },
  strict,
);
export type PostBody = Static<typeof PostBody>;

export const PostPatchBody = Type.Object(
  {
    title: Type.Optional(Title),
    content: Type.Optional(Content),
    version: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The version that is edited; another one now: 409.' }),
    ),
    is_draft: Type.Optional(Type.Boolean({ description: 'false publishes a draft.' })),
  },
  strict,
);
export type PostPatchBody = Static<typeof PostPatchBody>;

export const BoardParams = Type.Object({ b: RowId });
export const PostParams = Type.Object({ b: RowId, p: RowId });
export type PostParams = Static<typeof PostParams>;
export const RevisionParams = Type.Object({ b: RowId, p: RowId, version: RowId });

export const PostViewQuery = Type.Object({ event_id: Type.Optional(Type.String()) }, strict);

const Instant = Type.String({ maxLength: 40, description: 'RFC 3339 with offset' });

export const PostListQuery = Type.Object(
  {
    last_id: Type.Optional(RowId),
    first_id: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
    author: Type.Optional(RowId),
    from: Type.Optional(Instant),
    to: Type.Optional(Instant),
    keyword: Type.Optional(plainText({ minLength: 1, maxLength: 200 })),
    state: Type.Optional(
      Type.Union([Type.Literal('draft'), Type.Literal('deleted')], {
        description: 'Own drafts; or what can be restored: own, of everybody for who moderates.',
      }),
    ),
  },
  strict,
);
export type PostListQuery = Static<typeof PostListQuery>;

export const RevisionListQuery = Type.Object({ last_id: Type.Optional(RowId) }, strict);

export const ListedPost = Type.Object({
  id: Type.Integer(),
  board: Type.Object({ id: Type.Integer(), title: Type.String(), description: Type.String() }),
  author: Type.Object({ id: Type.Integer(), username: Type.String(), display_name: Type.String() }),
  title: Type.String(),
  content: Type.String({ description: 'Markdown' }),
  views: Type.Integer({ description: 'valid views, at most a second old, without this request' }),
  is_deleted: Type.Boolean(),
  is_draft: Type.Boolean(),
  is_pinned: Type.Boolean(),
  version: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.String(),
  highlights: Type.Optional(
    Type.Object(
      { title: Type.String(), content: Type.String() },
      { description: 'With `keyword`: safe HTML, the only tag is mark.' },
    ),
  ),
});
export type ListedPost = Static<typeof ListedPost>;

export const Post = Type.Object({
  ...ListedPost.properties,
  content_html: Type.String({ description: 'Safe to put into a page' }),
});
export type Post = Static<typeof Post>;

const revision = {
  version: Type.Integer(),
  title: Type.String(),
  edited_at: Type.String(),
  editor: Type.Object({ id: Type.Integer(), display_name: Type.String() }),
};
const Changes = Type.Array(Type.Object({ op: Type.Enum(['same', 'added', 'removed']), text: Type.String() }));

export const RevisionList = Type.Array(Type.Object(revision));
export const RevisionWithDiff = Type.Object({
  ...revision,
  content: Type.String(),
  diff: Type.Object({ title: Changes, content: Changes }, { description: 'Against the version before it.' }),
});

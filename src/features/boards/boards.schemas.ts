import { type Static, Type } from 'typebox';
import { plainText, RowId } from '../../http/field-types.ts';

const strict = { additionalProperties: false };

export const ReadRole = Type.Union(
  (['anyone', 'member', 'advertiser', 'marketer', 'moderator', 'admin'] as const).map((role) =>
    Type.Literal(role),
  ),
  {
    description:
      'Who reads it. moderator: those of this board. Moderators and admins read every board of theirs.',
  },
);
export type ReadRole = 'anyone' | 'member' | 'advertiser' | 'marketer' | 'moderator' | 'admin';

export const WriteRole = Type.Union(
  (['member', 'advertiser', 'marketer', 'moderator', 'admin'] as const).map((role) => Type.Literal(role)),
);
export type WriteRole = Exclude<ReadRole, 'anyone'>;

const Title = plainText({ minLength: 1, maxLength: 100 });
const Description = plainText({ maxLength: 1_000, lines: true });

export const BoardBody = Type.Object({ title: Title, description: Type.Optional(Description) }, strict);
export type BoardBody = Static<typeof BoardBody>;

export const BoardPatchBody = Type.Object(
  {
    title: Type.Optional(Title),
    description: Type.Optional(Description),
    position: Type.Optional(Type.Integer({ minimum: -1_000_000, maximum: 1_000_000 })),
    read_role: Type.Optional(ReadRole),
    write_role: Type.Optional(WriteRole),
    is_archived: Type.Optional(Type.Boolean({ description: 'Read, but written no more: 409.' })),
  },
  strict,
);

export const BoardParams = Type.Object({ b: RowId });
export const ModeratorParams = Type.Object({ b: RowId, m: RowId });

export const BoardListQuery = Type.Object({ last_id: Type.Optional(RowId) }, strict);

export const MadeBoard = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  description: Type.String(),
});
export type MadeBoard = Static<typeof MadeBoard>;

export const Board = Type.Object({
  id: Type.Integer(),
  title: Type.String(),
  description: Type.String(),
  position: Type.Integer(),
  read_role: Type.String(),
  write_role: Type.String(),
  is_archived: Type.Boolean(),
  created_at: Type.String(),
  updated_at: Type.String(),
});
export type Board = Static<typeof Board>;

export const Moderators = Type.Object({ moderators: Type.Array(Type.Integer()) });

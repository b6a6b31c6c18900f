import { Type } from 'typebox';
import { RowId } from '../../http/field-types.ts';
import { pageOf } from '../../http/paging.ts';

const Instant = Type.String({ maxLength: 40, description: 'RFC 3339 with offset' });

export const SearchQuery = Type.Object(
  {
    q: Type.String({
      minLength: 1,
      maxLength: 1_000,
      description: 'words, "phrases", -unwanted ones; read as far as 200 characters',
    }),
    board: Type.Optional(RowId),
    author: Type.Optional(RowId),
    from: Type.Optional(Instant),
    to: Type.Optional(Instant),
    page: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000 })),
    page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  { additionalProperties: false },
);
export interface SearchQuery {
  q: string;
  board?: number;
  author?: number;
  from?: string;
  to?: string;
  page?: number;
  page_size?: number;
}

export const FoundPost = Type.Object({
  id: Type.Integer(),
  board: Type.Object({ id: Type.Integer(), title: Type.String(), description: Type.String() }),
  author: Type.Object({ id: Type.Integer(), username: Type.String(), display_name: Type.String() }),
  title: Type.String(),
  version: Type.Integer(),
  created_at: Type.String(),
  updated_at: Type.String(),
  highlights: Type.Object(
    { title: Type.String(), content: Type.String() },
    { description: 'safe HTML; the only tag is mark' },
  ),
});

const OrNull = Type.Union([Type.String(), Type.Null()]);

export const SearchPage = Type.Object({
  ...pageOf(FoundPost).properties,
  interpreted_as: Type.Union([Type.String(), Type.Null()], {
    description: 'what was searched instead: the keyboard had been switched the wrong way',
  }),
  did_you_mean: OrNull,
});

export const MissesQuery = Type.Object(
  { days: Type.Optional(Type.Integer({ minimum: 1, maximum: 90 })) },
  { additionalProperties: false },
);

export const Misses = Type.Array(
  Type.Object({ question: Type.String(), times: Type.Integer(), last_on: Type.String() }),
);

import { Type } from 'typebox';
import { RowId } from '../../http/field-types.ts';
import { INBOX_TYPES } from './notification.ts';

const Actor = Type.Object({
  id: Type.Integer(),
  username: Type.String({ description: 'masked' }),
  display_name: Type.String(),
});
const About = Type.Union(
  [Type.Object({ id: Type.Integer(), board_id: Type.Integer(), title: Type.String() }), Type.Null()],
  { description: 'null once the post is gone' },
);

export const Notification = Type.Object({
  id: Type.Integer(),
  type: Type.Enum([...INBOX_TYPES]),
  actor: Actor,
  post: About,
  comment_id: Type.Union([Type.Integer(), Type.Null()]),
  text: Type.String({ description: 'in the language of the preferences' }),
  is_read: Type.Boolean(),
  created_at: Type.String({ format: 'date-time' }),
});

export const NotificationGroup = Type.Object({
  id: Type.Integer(),
  type: Type.Enum([...INBOX_TYPES]),
  actors: Type.Array(Actor, { description: 'the latest, three at most' }),
  people: Type.Integer({ description: 'how many did it' }),
  unread: Type.Integer(),
  post: About,
  text: Type.String({ description: 'in the language of the preferences' }),
  updated_at: Type.String({ format: 'date-time' }),
});

export const ListQuery = Type.Object(
  {
    last_id: Type.Optional(RowId),
    first_id: Type.Optional(RowId),
    unread: Type.Optional(Type.Boolean({ default: false })),
  },
  { additionalProperties: false },
);

export const GroupQuery = Type.Object({ before: Type.Optional(RowId) }, { additionalProperties: false });

export const UnreadCount = Type.Object({ count: Type.Integer() });
export const ReadAll = Type.Object({ read: Type.Integer() });

import { showUsername } from '../members/index.ts';
import type { GroupRow, ShownNotification } from './notifications.queries.ts';
import { toText } from './wording.ts';

type Language = 'ko' | 'en';

export function toNotification(row: ShownNotification, language: Language) {
  return {
    id: row.id,
    type: row.type,
    actor: toActor({ id: row.actor_id, username: row.actor_username, name: row.actor_name }),
    post: toPost(row),
    comment_id: row.comment_id,
    text: toText(
      {
        type: row.type,
        names: [row.actor_name ?? ''],
        people: 1,
        title: row.post_title ?? undefined,
        note: row.note,
      },
      language,
    ),
    is_read: row.read_at !== null,
    created_at: row.created_at.toISOString(),
  };
}

export function toGroup(row: GroupRow, language: Language) {
  return {
    id: row.id,
    type: row.type,
    actors: row.actors.map(toActor),
    people: row.people,
    unread: row.unread,
    post: toPost(row),
    text: toText(
      {
        type: row.type,
        names: row.actors.map((actor) => actor.name ?? ''),
        people: row.people,
        title: row.post_title ?? undefined,
        note: row.note,
      },
      language,
    ),
    updated_at: row.updated_at.toISOString(),
  };
}

function toPost(row: { post_id: number; board_id: number | null; post_title: string | null }) {
  if (row.board_id === null || row.post_title === null) return null;
  return { id: row.post_id, board_id: row.board_id, title: row.post_title };
}

function toActor({ id, username, name }: { id: number; username: string | null; name: string | null }) {
  if (username === null) return { id, username: '', display_name: 'deleted member' };
  return { id, username: showUsername(username, false), display_name: name ?? '' };
}

export const NOTIFICATION_TYPES = ['post', 'comment', 'reply', 'mention'] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

/** A warning of a moderator is no matter of preferences. */
export const INBOX_TYPES = [...NOTIFICATION_TYPES, 'warning'] as const;
export type InboxType = (typeof INBOX_TYPES)[number];

export const CHANNELS = ['inbox', 'push', 'email'] as const;
export type Channel = (typeof CHANNELS)[number];

/** What is told of: a published post, or a comment on one. */
export interface Cause {
  readonly postId: number;
  readonly boardId: number;
  /** undefined: the post itself. */
  readonly commentId: number | undefined;
  readonly actorId: number;
}

/** Who is told, each once, by the type that says most. */
export type Recipients = ReadonlyMap<number, NotificationType>;

const SAYS_MOST: readonly NotificationType[] = ['mention', 'reply', 'comment', 'post'];

/** Of several reasons to tell one person the first in the order above is the one that is told. */
export function joinRecipients(
  reasons: Readonly<Partial<Record<NotificationType, readonly number[]>>>,
): Recipients {
  const joined = new Map<number, NotificationType>();
  for (const type of SAYS_MOST)
    for (const id of reasons[type] ?? []) if (!joined.has(id)) joined.set(id, type);
  return joined;
}

/** Of more names in one text nobody is told: that is no mention but a broadcast. */
const MOST_MENTIONS = 20;

/** Members named as `@[name](/members/12)`, outside of code. */
export function findMentions(markdown: string): number[] {
  const prose = markdown.replaceAll(/```[\s\S]*?(```|$)|`[^`\n]*`/g, '');
  const ids = [...prose.matchAll(/@\[[^\]\n]{1,100}\]\(\/members\/(\d{1,15})\)/g)].map(([, id]) =>
    Number(id),
  );
  const distinct = [...new Set(ids)];
  return distinct.length > MOST_MENTIONS ? [] : distinct;
}

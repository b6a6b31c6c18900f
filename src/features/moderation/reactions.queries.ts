import type { Db } from '../../db/pool.ts';

export const EMOJI = ['👍', '❤️', '😂', '😮', '😢', '😡'] as const;
export type Emoji = (typeof EMOJI)[number];

/** Codes as in `reactions.subject_kind` and `reports.subject_kind`. */
export const KINDS = { post: 2, comment: 3 } as const;
export type SubjectKind = keyof typeof KINDS;

export interface ReactionCount {
  readonly emoji: Emoji;
  readonly count: number;
  /** Whether the viewer is among them. */
  readonly mine: boolean;
}

/** Setting it again is the same as once. */
export async function addReaction(
  db: Db,
  kind: SubjectKind,
  subjectId: number,
  memberId: number,
  emoji: Emoji,
): Promise<void> {
  await db.query(
    `insert into reactions (subject_kind, subject_id, member_id, emoji) values ($1, $2, $3, $4) on conflict do nothing`,
    [KINDS[kind], subjectId, memberId, emoji],
    'add_reaction',
  );
}

export async function removeReaction(
  db: Db,
  kind: SubjectKind,
  subjectId: number,
  memberId: number,
  emoji: Emoji,
): Promise<void> {
  await db.query(
    'delete from reactions where subject_kind = $1 and subject_id = $2 and member_id = $3 and emoji = $4',
    [KINDS[kind], subjectId, memberId, emoji],
    'remove_reaction',
  );
}

export function countReactions(
  db: Db,
  kind: SubjectKind,
  subjectId: number,
  memberId: number | undefined,
): Promise<ReactionCount[]> {
  return db.query<ReactionCount>(
    `select emoji, count(*)::int as count, coalesce(bool_or(member_id = $3), false) as mine
     from reactions where subject_kind = $1 and subject_id = $2 group by emoji order by count(*) desc, emoji`,
    [KINDS[kind], subjectId, memberId ?? null],
    'count_reactions',
  );
}

export async function eraseReactions(tx: Db, memberId: number): Promise<void> {
  await tx.query('delete from reactions where member_id = $1', [memberId]);
  await tx.query('delete from bookmarks where member_id = $1', [memberId]);
}

import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import { KINDS, type SubjectKind } from './reactions.queries.ts';

export const REASONS = ['spam', 'abuse', 'illegal', 'personal', 'other'] as const;
export type Reason = (typeof REASONS)[number];

export interface SubjectRow {
  readonly board_id: number;
  readonly post_id: number;
  readonly author_id: number;
  readonly is_hidden: boolean;
}

/** A post or comment that is not deleted, hidden ones too. */
export async function findSubject(db: Db, kind: SubjectKind, id: number): Promise<SubjectRow | undefined> {
  const [row] = await db.query<SubjectRow>(
    kind === 'post'
      ? `select board_id, id as post_id, author_id, hidden_at is not null as is_hidden from posts
         where id = $1 and not is_draft and not is_deleted`
      : `select p.board_id, p.id as post_id, c.author_id, c.hidden_at is not null as is_hidden
         from comments c join posts p on p.id = c.post_id and not p.is_deleted where c.id = $1 and not c.is_deleted`,
    [id],
  );
  return row;
}

/** The same member's report of the same thing again is the same one, until it is decided. */
export async function insertReport(
  db: Db,
  report: {
    readonly kind: SubjectKind;
    readonly subjectId: number;
    readonly boardId: number;
    readonly reporterId: number;
    readonly reason: Reason;
    readonly note: string;
  },
): Promise<void> {
  await db.query(
    `insert into reports (subject_kind, subject_id, board_id, reporter_id, reason, note)
     values ($1, $2, $3, $4, $5, $6) on conflict do nothing`,
    [KINDS[report.kind], report.subjectId, report.boardId, report.reporterId, report.reason, report.note],
  );
}

export interface QueueRow {
  readonly kind: SubjectKind;
  readonly subject_id: number;
  readonly board_id: number;
  readonly post_id: number;
  readonly author_id: number;
  readonly author_name: string;
  readonly content: string;
  readonly is_hidden: boolean;
  readonly reports: number;
  readonly reasons: readonly string[];
  readonly first_at: Date;
}

/** Reported things of these boards (undefined: of all), the most reported first, then the longest waiting. */
export function listQueue(
  db: Db,
  boardIds: readonly number[] | undefined,
  limit: number,
): Promise<QueueRow[]> {
  return db.query<QueueRow>(
    `with open as (
       select subject_kind, subject_id, min(board_id) as board_id, count(*)::int as reports,
         array_agg(distinct reason) as reasons, min(created_at) as first_at
       from reports where decided_at is null and ($1::bigint[] is null or board_id = any($1))
       group by subject_kind, subject_id
     )
     select case o.subject_kind when 2 then 'post' else 'comment' end as kind, o.subject_id, o.board_id,
       coalesce(p.id, c.post_id) as post_id, coalesce(p.author_id, c.author_id) as author_id,
       coalesce(m.display_name, '') as author_name,
       coalesce(p.title || E'\\n' || left(p.content, 500), left(c.content, 500)) as content,
       coalesce(p.hidden_at, c.hidden_at) is not null as is_hidden, o.reports, o.reasons, o.first_at
     from open o
     left join posts p on o.subject_kind = 2 and p.id = o.subject_id and not p.is_deleted
     left join comments c on o.subject_kind = 3 and c.id = o.subject_id and not c.is_deleted
     left join members m on m.id = coalesce(p.author_id, c.author_id)
     where p.id is not null or c.id is not null
     order by o.reports desc, o.first_at limit $2`,
    [boardIds ?? null, limit],
  );
}

export async function listModeratedBoards(db: Db, memberId: number): Promise<number[]> {
  const rows = await db.query<{ board_id: number }>(
    'select board_id from board_moderators where member_id = $1',
    [memberId],
  );
  return rows.map((row) => row.board_id);
}

/** Hides or shows it, where it is the other; with the parent's number of replies, and the search index. Whether it changed. */
export async function setHidden(tx: Db, kind: SubjectKind, id: number, hidden: boolean): Promise<boolean> {
  if (kind === 'post') {
    const rows = await tx.query(
      `update posts set hidden_at = case when $2 then now() end, version = version + 1
       where id = $1 and not is_deleted and (hidden_at is null) = $2 returning 1`,
      [id, hidden],
    );
    if (rows.length > 0) {
      await enqueue(tx, [{ kind: 'index-post', payload: { post_id: id }, key: String(id) }]);
      // One that the word filter held was told to nobody; one that was shown before was told already, once each.
      if (!hidden) await enqueue(tx, [{ kind: 'notify-post', payload: { post_id: id } }]);
    }
    return rows.length > 0;
  }
  const rows = await tx.query(
    `with changed as (
       update comments set hidden_at = case when $2 then now() end
       where id = $1 and not is_deleted and (hidden_at is null) = $2 returning id, parent_id
     ), counted as (
       update comments c set replies = c.replies + case when $2 then -1 else 1 end from changed where c.id = changed.parent_id
     )
     select 1 from changed`,
    [id, hidden],
  );
  if (rows.length > 0 && !hidden)
    await enqueue(tx, [{ kind: 'notify-comment', payload: { comment_id: id } }]);
  return rows.length > 0;
}

/** Returns how many reports it settled. */
export async function settleReports(
  tx: Db,
  kind: SubjectKind,
  id: number,
  decision: 'hidden' | 'restored' | 'dismissed',
): Promise<number> {
  const rows = await tx.query(
    `update reports set decided_at = now(), decision = $3
     where subject_kind = $1 and subject_id = $2 and decided_at is null returning 1`,
    [KINDS[kind], id, decision],
  );
  return rows.length;
}

/** A report stays for the moderators; who wrote it is told nowhere any more. */
export async function eraseReports(tx: Db, memberId: number): Promise<void> {
  await tx.query(`update reports set note = '' where reporter_id = $1`, [memberId]);
}

import type { Db } from '../../db/pool.ts';
import type { Viewer } from '../../http/authenticate.ts';
import { hasRole } from '../../http/policy.ts';
import { AppError } from '../../kit/errors.ts';
import { type AuditEntry, appendAudit } from '../audit/index.ts';
import { type BoardCache, canModerate } from '../boards/index.ts';
import { insertWarning } from '../notifications/index.ts';
import { getBoard } from '../posts/index.ts';
import { banMember, hasMember, unbanMember } from './bans.queries.ts';
import type { SubjectKind } from './reactions.queries.ts';
import { findSubject, type SubjectRow, setHidden, settleReports } from './reports.queries.ts';

export interface ModerationDeps {
  readonly db: Db;
  readonly boards: BoardCache;
  /** Tells this process's caches that a post, or a comment on it, changed. */
  readonly forget: (boardId: number, postId: number) => void;
  /** As `Members.onTokensChanged` hears it: the sessions of a banned member end at once. */
  readonly tokensChanged: (memberId: number, tokenVersion: number) => void;
}

export interface Named {
  readonly kind: SubjectKind;
  readonly id: number;
}

/** What the viewer may see, or 404. */
export async function getReadable(
  { db, boards }: Pick<ModerationDeps, 'db' | 'boards'>,
  { kind, id }: Named,
  viewer: Viewer | undefined,
): Promise<SubjectRow> {
  const subject = await findSubject(db, kind, id);
  if (!subject || subject.is_hidden) throw unknown(kind, id);
  await getBoard(boards, subject.board_id, viewer);
  return subject;
}

const ACTS = { hide: 'hidden', restore: 'restored', dismiss: 'dismissed' } as const;
export type Act = keyof typeof ACTS;

/** Hides it, shows it again, or lets it stand; settles its reports and writes the audit log, in one transaction. */
export async function decide(
  deps: ModerationDeps,
  { kind, id }: Named,
  act: Act,
  viewer: Viewer,
  note: string,
): Promise<void> {
  const subject = await findSubject(deps.db, kind, id);
  const board = subject && (await deps.boards.get(subject.board_id));
  if (!subject || !board || !canModerate(board, viewer)) throw unknown(kind, id);
  await deps.db.transaction(async (tx) => {
    const changed = act === 'dismiss' ? false : await setHidden(tx, kind, id, act === 'hide');
    const settled = await settleReports(tx, kind, id, ACTS[act]);
    if (!changed && settled === 0)
      throw new AppError(
        'conflict',
        'There is nothing to decide: somebody was there before, or nothing was reported.',
      );
    await appendAudit(tx, audit(viewer, `${kind}.${act}`, `${kind}:${id}`, { reports: settled, note }));
  });
  deps.forget(subject.board_id, subject.post_id);
}

/** A word to a member, in the inbox and in the audit log. */
export async function warn(
  { db }: ModerationDeps,
  memberId: number,
  viewer: Viewer,
  reason: string,
): Promise<void> {
  if (!(await hasMember(db, memberId))) throw new AppError('not_found', `There is no member ${memberId}.`);
  await db.transaction(async (tx) => {
    const cause = await appendAudit(tx, audit(viewer, 'member.warn', `member:${memberId}`, { reason }));
    await insertWarning(tx, memberId, { actorId: viewer.memberId, cause, note: reason });
  });
}

export async function ban(
  deps: ModerationDeps,
  memberId: number,
  viewer: Viewer,
  until: Date | undefined,
  reason: string,
): Promise<void> {
  const version = await deps.db.transaction(async (tx) => {
    const banned = await banMember(tx, memberId, until, reason);
    if (banned === undefined)
      throw new AppError(
        'not_found',
        `There is no member ${memberId} who can be banned; take an admin's role first.`,
      );
    const detail = { until: until?.toISOString() ?? null, reason };
    await appendAudit(tx, audit(viewer, 'member.ban', `member:${memberId}`, detail));
    return banned;
  });
  deps.tokensChanged(memberId, version);
}

export async function unban({ db }: ModerationDeps, memberId: number, viewer: Viewer): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await unbanMember(tx, memberId)))
      throw new AppError('not_found', `There is no banned member ${memberId}.`);
    await appendAudit(tx, audit(viewer, 'member.unban', `member:${memberId}`, {}));
  });
}

export function audit(
  viewer: Viewer,
  action: string,
  subject: string,
  detail: AuditEntry['detail'],
): AuditEntry {
  return { actorId: viewer.memberId, action, subject, detail };
}

/** Boards whose queue the viewer sees; undefined: all. Throws where there is none. */
export function requireModerates(viewer: Viewer, boardIds: readonly number[]): readonly number[] | undefined {
  if (hasRole(viewer, ['admin'])) return undefined;
  if (boardIds.length > 0) return boardIds;
  throw new AppError('not_allowed', 'Only moderators and admins see this.');
}

function unknown(kind: SubjectKind, id: number): AppError {
  return new AppError('not_found', `There is no ${kind} ${id}.`);
}

import type { Db } from '../../db/pool.ts';
import { sleep } from '../../kit/wait.ts';
import {
  type CauseRow,
  findCommentCause,
  findPostCause,
  insertNotifications,
  keepWilling,
  listCommenters,
} from './fan-out.queries.ts';
import { type Cause, findMentions, joinRecipients, type Recipients } from './notification.ts';

/** People told in one transaction: their inboxes are locked no longer than that takes. */
const CHUNK = 200;
/** Between two chunks, so that a thread of ten thousand is told within five seconds, and those who write feel nothing of it. */
const REST_MS = 60;

/** Tells of a post: its author, and whom it names. */
export async function notifyOfPost(db: Db, postId: number, signal: AbortSignal): Promise<void> {
  const row = await findPostCause(db, postId);
  if (!row) return;
  const reasons = { post: [row.actor_id], mention: findMentions(row.content) };
  await tell(db, toCause(row), joinRecipients(reasons), signal);
}

/** Tells of a comment: the post's author, its own, whoever commented before, whom it answers, and whom it names. */
export async function notifyOfComment(db: Db, commentId: number, signal: AbortSignal): Promise<void> {
  const row = await findCommentCause(db, commentId);
  if (!row) return;
  const reasons = {
    comment: [row.post_author_id, ...(await listCommenters(db, row.post_id, commentId))],
    reply: row.parent_author_id === null ? [] : [row.parent_author_id],
    mention: findMentions(row.content),
  };
  await tell(db, toCause(row), joinRecipients(reasons), signal);
}

/** In the order of ids, so that a further try after a crash finds what the first one wrote and goes on. */
async function tell(db: Db, cause: Cause, recipients: Recipients, signal: AbortSignal): Promise<void> {
  const all = [...recipients].sort(([a], [b]) => a - b);
  for (let at = 0; at < all.length; at += CHUNK) {
    if (at > 0) await sleep(REST_MS, signal);
    signal.throwIfAborted();
    const willing = await keepWilling(db, cause, all.slice(at, at + CHUNK));
    if (willing.length > 0) await insertNotifications(db, cause, willing);
  }
}

function toCause(row: CauseRow): Cause {
  return {
    postId: row.post_id,
    boardId: row.board_id,
    commentId: row.comment_id ?? undefined,
    actorId: row.actor_id,
  };
}

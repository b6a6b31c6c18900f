import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import type { JobPayloads } from '../../events/jobs.ts';
import { EngineError } from '../../kit/errors.ts';
import type { NotificationHistory } from '../../ports/notification-history.ts';
import { listPast, removePast } from './retire.queries.ts';

const CHUNK = 500;
const AGAIN_MS = 600_000;

/**
 * Moves what is past its days out of the inboxes: kept in the history first, then removed, so that a crash in between keeps
 * it again, to the same rows. Without a history it is gone. Rejects where the history does not answer: nothing is removed.
 */
export async function retireNotifications(
  { db, history }: { readonly db: Db; readonly history: NotificationHistory | undefined },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    signal.throwIfAborted();
    const rows = await listPast(db, CHUNK);
    if (rows.length === 0) return;
    await history?.keep(rows);
    await removePast(
      db,
      rows.map((row) => row.id),
    );
    if (rows.length < CHUNK) return;
  }
}

/** Erases a member's history; while it does not answer, again and again: that somebody is to be forgotten is never given up. */
export async function eraseHistory(
  {
    db,
    history,
    now,
  }: { readonly db: Db; readonly history: NotificationHistory | undefined; readonly now: () => Date },
  payload: JobPayloads['erase-history'],
): Promise<void> {
  try {
    await history?.erase(payload.member_id);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    await enqueue(db, [{ kind: 'erase-history', payload, runAt: new Date(now().getTime() + AGAIN_MS) }]);
  }
}

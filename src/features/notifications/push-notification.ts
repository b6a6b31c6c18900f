import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import type { JobPayloads } from '../../events/jobs.ts';
import type { SendToDevice } from '../devices/index.ts';
import { findNotification, showNotifications } from './notifications.queries.ts';
import { findPreferences } from './preferences.queries.ts';
import { findQuietEnd, wants } from './preferences.ts';
import { toText } from './wording.ts';

interface PushDeps {
  readonly db: Db;
  readonly send: SendToDevice;
  readonly now: () => Date;
}

/** What was read meanwhile, or is no longer wanted, is not sent; in quiet hours it waits for their end. */
export async function pushNotification(
  { db, send, now }: PushDeps,
  payload: JobPayloads['send-push'],
): Promise<void> {
  const row = await findNotification(db, payload.notification_id);
  if (!row || row.read_at !== null || row.type === 'warning') return;
  const preferences = await findPreferences(db, row.member_id);
  if (!wants(preferences, row.type, 'push')) return;
  const runAt = findQuietEnd(preferences, now());
  if (runAt) return enqueue(db, [{ kind: 'send-push', payload, runAt }]);
  const [shown] = await showNotifications(db, [row]);
  // The post went meanwhile: nothing is left to look at.
  if (!shown || shown.post_title === null) return;
  const told = { type: row.type, names: [shown.actor_name ?? ''], people: 1, title: shown.post_title };
  await send(row.member_id, payload.device_id, {
    title: 'Weir',
    body: toText(told, preferences.language),
    path: `/boards/${shown.board_id}/posts/${row.post_id}`,
    tag: `${row.type}-${row.post_id}`,
  });
}

import { enqueue } from '../../db/outbox.ts';
import type { Db } from '../../db/pool.ts';
import type { JobPayloads } from '../../events/jobs.ts';
import type { SendToDevice } from '../devices/index.ts';
import { labelAdvertising, permitAdvertising } from './advertising.ts';
import { findBroadcast, findConsent, planBroadcast } from './broadcasts.queries.ts';

const MEMBERS_AT_ONCE = 500;

interface BroadcastDeps {
  readonly db: Db;
  readonly send: SendToDevice;
  readonly now: () => Date;
}

/** Makes the jobs of all who are to get it; goes on where an earlier try ended. */
export async function sendBroadcast(
  db: Db,
  { broadcast_id }: JobPayloads['send-broadcast'],
  signal: AbortSignal,
): Promise<void> {
  while (await planBroadcast(db, broadcast_id, MEMBERS_AT_ONCE)) signal.throwIfAborted();
}

/** Consent is looked at when it is sent, not when it was written: it may have been withdrawn since. */
export async function pushBroadcast(
  { db, send, now }: BroadcastDeps,
  payload: JobPayloads['push-broadcast'],
): Promise<void> {
  const broadcast = await findBroadcast(db, payload.broadcast_id);
  if (!broadcast) return;
  const { title, body, path, is_advertising } = broadcast;
  const message = { title, body, path, tag: `broadcast-${broadcast.id}` };
  const { member_id, device_id } = payload;
  if (!is_advertising) return void (await send(member_id, device_id, message));
  const consent = await findConsent(db, member_id);
  const permission = permitAdvertising(consent, now());
  if (permission.allowed === 'never') return;
  if (permission.allowed === 'later')
    return enqueue(db, [{ kind: 'push-broadcast', payload, runAt: permission.at }]);
  await send(member_id, device_id, labelAdvertising(message, consent.language));
}

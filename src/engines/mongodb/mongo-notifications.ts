import type { Collection } from 'mongodb';
import type { Logger } from '../../kit/logger.ts';
import type { NotificationHistory, PastNotification } from '../../ports/notification-history.ts';
import { loadMongo, openMongoConnection } from './mongo-client.ts';

type Document = Omit<PastNotification, 'id'> & { readonly _id: number };

const LIMIT_MS = 1_200;
/** What is older leaves the history too: MongoDB removes it by itself, within a minute. */
const HISTORY_DAYS = 730;

/**
 * One collection, `notification_history`. In a sharded cluster: `{ member_id: 1, place: -1 }` as its key, since all that is read
 * is one member's; `_id` is given by PostgreSQL and unique without the cluster's help.
 */
export async function openMongoNotifications({
  url,
  log,
}: {
  readonly url: string;
  readonly log: Logger;
}): Promise<NotificationHistory> {
  const driver = await loadMongo();
  const { db, call, close } = openMongoConnection({ driver, url, maxPoolSize: 4, limitMs: LIMIT_MS, log });
  const rows: Collection<Document> = db.collection('notification_history');
  let indexed: Promise<unknown> | undefined;

  /** Before the first write: a server starts while MongoDB is down. */
  const ready = () => {
    indexed ??= rows
      .createIndexes([
        // A member's history, newest first; and erasing it.
        { name: 'member_listed', key: { member_id: 1, place: -1 } },
        { name: 'expires', key: { created_at: 1 }, expireAfterSeconds: HISTORY_DAYS * 86_400 },
      ])
      .catch((error: unknown) => {
        indexed = undefined;
        throw error;
      });
    return indexed;
  };

  return {
    keep: (kept) =>
      call('keep notifications', async () => {
        if (kept.length === 0) return;
        await ready();
        await rows.bulkWrite(
          kept.map(({ id, ...row }) => ({
            // With the shard's key, which an upsert in a cluster needs.
            replaceOne: { filter: { _id: id, member_id: row.member_id }, replacement: row, upsert: true },
          })),
          { ordered: false },
        );
      }),
    list: (memberId, before, limit) =>
      call('list notifications', async () =>
        (
          await rows
            .find({ member_id: memberId, place: { $lt: before } })
            .sort({ place: -1 })
            .limit(limit)
            .toArray()
        ).map(({ _id, ...row }) => ({ id: _id, ...row })),
      ),
    findPlace: (memberId, id) =>
      call('find a notification', async () => (await rows.findOne({ _id: id, member_id: memberId }))?.place),
    erase: (memberId) =>
      call('erase notifications', async () => void (await rows.deleteMany({ member_id: memberId }))),
    close,
  };
}

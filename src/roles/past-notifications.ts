import type { Engines } from '../compose.ts';
import type { NotificationHistory } from '../ports/notification-history.ts';

/** Where notifications go that leave the inbox: MongoDB where it is set. It need not answer yet. */
export async function openHistory({
  config,
  logger,
  lifecycle,
}: Pick<Engines, 'config' | 'logger' | 'lifecycle'>): Promise<NotificationHistory | undefined> {
  if (config.mongodbUrl === undefined) return undefined;
  const { openMongoNotifications } = await import('../engines/mongodb/mongo-notifications.ts');
  const history = await openMongoNotifications({ url: config.mongodbUrl, log: logger });
  lifecycle.onClose('notification history', () => history.close());
  return history;
}

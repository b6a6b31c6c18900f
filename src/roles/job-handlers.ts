import type { Engines } from '../compose.ts';
import type { Db } from '../db/pool.ts';
import { createFcmPush, readServiceAccount } from '../engines/fcm/fcm-push.ts';
import { createWebPush, toVapidKeys } from '../engines/webpush/web-push.ts';
import { deleteUnfinished, removeAttachment } from '../features/attachments/index.ts';
import { pushBroadcast, sendBroadcast } from '../features/broadcasts/index.ts';
import { purgeTombstones } from '../features/comments/index.ts';
import { createDeviceSender, createTokenSeal, type SendToDevice } from '../features/devices/index.ts';
import { planDigests, sendDigest } from '../features/digests/index.ts';
import {
  eraseHistory,
  notifyOfComment,
  notifyOfPost,
  pushNotification,
  retireNotifications,
} from '../features/notifications/index.ts';
import { purgeDeleted } from '../features/posts/index.ts';
import { systemClock } from '../kit/clock.ts';
import type { JobHandlers } from '../pipeline/jobs/index.ts';
import { createPostIndexer } from '../pipeline/publish/index.ts';
import { openObjects } from './objects.ts';
import { openHistory } from './past-notifications.ts';

const FCM = 'https://fcm.googleapis.com';

/** Who does which job, and how many of it at once in one process. */
export async function createJobHandlers(engines: Engines, db: Db): Promise<JobHandlers> {
  const send = await createSender(engines, db);
  const now = () => new Date();
  const objects = openObjects(engines.config);
  const history = await openHistory(engines);
  const indexer = createPostIndexer({ db, search: engines.search, clock: systemClock });
  engines.lifecycle.onClose('post indexer', () => indexer.close());
  return {
    'index-post': { atOnce: 100, run: ({ post_id }) => indexer.indexPost(post_id) },
    'notify-post': { atOnce: 4, run: ({ post_id }, { signal }) => notifyOfPost(db, post_id, signal) },
    'notify-comment': {
      atOnce: 4,
      run: ({ comment_id }, { signal }) => notifyOfComment(db, comment_id, signal),
    },
    'purge-posts': { atOnce: 1, run: (_payload, { signal }) => purgeDeleted(db, signal) },
    'retire-notifications': {
      atOnce: 1,
      run: (_payload, { signal }) => retireNotifications({ db, history }, signal),
    },
    'erase-history': { atOnce: 1, run: (payload) => eraseHistory({ db, history, now }, payload) },
    'remove-attachment': { atOnce: 4, run: (payload) => removeAttachment({ db, objects }, payload) },
    'purge-attachments': { atOnce: 1, run: () => deleteUnfinished(db) },
    'purge-comments': { atOnce: 1, run: (_payload, { signal }) => purgeTombstones(db, signal) },
    'send-broadcast': { atOnce: 1, run: (payload, { signal }) => sendBroadcast(db, payload, signal) },
    'push-broadcast': { atOnce: 20, run: (payload) => pushBroadcast({ db, send, now }, payload) },
    ...(await createDigestHandlers(engines, db)),
    'send-push': { atOnce: 20, run: (payload) => pushNotification({ db, send, now }, payload) },
  };
}

/** Where no mail is configured none is planned, so none waits. */
async function createDigestHandlers(
  { config, secrets, lifecycle }: Engines,
  db: Db,
): Promise<Pick<JobHandlers, 'plan-digests' | 'send-digest'>> {
  const { mail, publicUrl } = config;
  if (!mail || !publicUrl) return { 'plan-digests': { atOnce: 1, run: async () => undefined } };
  // Loaded where it is used: it is 9 MB.
  const { createSmtpMail } = await import('../engines/smtp/smtp-mail.ts');
  const smtp = createSmtpMail(mail);
  lifecycle.onClose('mail', () => smtp.close());
  const key = await secrets.get('mail_key', 0);
  const deps = { db, sendMail: smtp.send, origin: publicUrl.origin, key };
  return {
    'plan-digests': {
      atOnce: 1,
      run: async ({ scheduled_at }) => void (await planDigests(db, new Date(scheduled_at))),
    },
    'send-digest': { atOnce: 2, run: (payload) => sendDigest(deps, payload) },
  };
}

async function createSender({ config, secrets }: Engines, db: Db): Promise<SendToDevice> {
  const account = config.fcmServiceAccount && readServiceAccount(config.fcmServiceAccount);
  return createDeviceSender({
    db,
    seal: createTokenSeal(await secrets.get('device_key', 0)),
    services: config.webPushServices,
    web: createWebPush({
      keys: toVapidKeys(await secrets.get('vapid_key', 0)),
      // RFC 8292: whom a push service may write to.
      subject:
        config.publicUrl?.protocol === 'https:' ? config.publicUrl.origin : `mailto:${config.adminUsername}`,
    }),
    fcm: account ? createFcmPush({ account, origin: FCM }) : undefined,
  });
}

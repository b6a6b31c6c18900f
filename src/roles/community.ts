import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engines } from '../compose.ts';
import type { Db } from '../db/pool.ts';
import { createPostgresJobs } from '../engines/postgres/postgres-jobs.ts';
import { toVapidKeys } from '../engines/webpush/web-push.ts';
import { registerAttachmentRoutes } from '../features/attachments/index.ts';
import { registerAuditRoutes } from '../features/audit/index.ts';
import { registerBroadcastRoutes } from '../features/broadcasts/index.ts';
import {
  type CommentPages,
  createCommentGroups,
  createCommentPages,
  registerCommentRoutes,
} from '../features/comments/index.ts';
import { createTokenSeal, registerDeviceRoutes } from '../features/devices/index.ts';
import { registerDigestRoutes } from '../features/digests/index.ts';
import { registerJobRoutes } from '../features/jobs/index.ts';
import type { Members } from '../features/members/index.ts';
import { registerModerationRoutes, registerReactionRoutes } from '../features/moderation/index.ts';
import {
  createNotificationStream,
  type NotificationStream,
  registerNotificationRoutes,
} from '../features/notifications/index.ts';
import { registerSearchRoutes } from '../features/search/index.ts';
import { systemClock } from '../kit/clock.ts';
import type { Logger } from '../kit/logger.ts';
import type { NotificationHistory } from '../ports/notification-history.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { SearchIndex } from '../ports/search-index.ts';
import { openObjects } from './objects.ts';
import { openHistory } from './past-notifications.ts';
import type { Posting } from './posting.ts';

/** What the community's routes stand on beside the database; read and opened before any route is declared. */
export interface Community {
  readonly stream: NotificationStream;
  readonly seal: ReturnType<typeof createTokenSeal>;
  readonly vapidPublicKey: string;
  readonly mailKey: Buffer;
  readonly search: SearchIndex;
  readonly objects: ObjectStore;
  readonly history: NotificationHistory | undefined;
  readonly comments: {
    readonly pages: CommentPages;
    readonly groups: ReturnType<typeof createCommentGroups>;
  };
  readonly log: Logger;
}

export async function openCommunity(engines: Engines): Promise<Community> {
  const { config, db, secrets, search, logger, lifecycle } = engines;
  const comments = {
    pages: createCommentPages(db, systemClock, logger),
    groups: createCommentGroups(db, systemClock, { limited: config.rateLimits }),
  };
  lifecycle.onClose('comments', async () => {
    await Promise.all([comments.pages, comments.groups].map((part) => part.close()));
  });
  const deviceKey = await secrets.get('device_key', 0);
  const vapidKey = await secrets.get('vapid_key', 0);
  return {
    stream: createNotificationStream(db, logger),
    seal: createTokenSeal(deviceKey),
    vapidPublicKey: toVapidKeys(vapidKey).publicKey,
    mailKey: await secrets.get('mail_key', 0),
    search,
    objects: openObjects(config),
    history: await openHistory(engines),
    comments,
    log: logger,
  };
}

export interface CommunityDeps {
  readonly db: Db;
  readonly config: Engines['config'];
  readonly community: Community;
  readonly posting: Posting;
  readonly members: Pick<Members, 'tokensChanged'>;
  readonly isSignedIn: (request: FastifyRequest) => boolean;
}

export function registerCommunityRoutes(app: FastifyInstance, deps: CommunityDeps): void {
  const { db, config, community, isSignedIn } = deps;
  const { seal, vapidPublicKey, stream, mailKey, search, log } = community;
  registerSearchRoutes(app, { db, search, log, clock: systemClock, rateLimits: config.rateLimits });
  registerTalk(app, deps);
  registerNotificationRoutes(app, { db, stream, history: community.history, isSignedIn });
  registerBroadcastRoutes(app, { db });
  registerDigestRoutes(app, { db, key: mailKey });
  registerDeviceRoutes(app, { db, seal, services: config.webPushServices, vapidPublicKey });
  registerJobRoutes(app, { queue: createPostgresJobs(db) });
  registerAuditRoutes(app, { db });
  const { objects } = community;
  registerAttachmentRoutes(app, { db, objects, quotaBytes: config.attachmentQuotaBytes });
}

function registerTalk(
  app: FastifyInstance,
  { db, config, community, posting, members }: CommunityDeps,
): void {
  const { boards, posts, pages, renderer, rules, judgeText } = posting;
  const { comments } = community;
  const { requirePrecondition } = config;
  registerCommentRoutes(app, { db, boards, posts, ...comments, renderer, judgeText, requirePrecondition });
  registerReactionRoutes(app, { db, boards });
  registerModerationRoutes(app, {
    db,
    boards,
    rules,
    forget: (boardId, postId) => {
      posts.forget(postId);
      pages.forget(boardId);
      comments.pages.forget(postId);
    },
    tokensChanged: members.tokensChanged,
  });
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engines } from '../compose.ts';
import type { Db } from '../db/pool.ts';
import { createPostgresJobs } from '../engines/postgres/postgres-jobs.ts';
import { toVapidKeys } from '../engines/webpush/web-push.ts';
import { registerBroadcastRoutes } from '../features/broadcasts/index.ts';
import { createTokenSeal, registerDeviceRoutes } from '../features/devices/index.ts';
import { registerDigestRoutes } from '../features/digests/index.ts';
import { registerJobRoutes } from '../features/jobs/index.ts';
import {
  createNotificationStream,
  type NotificationStream,
  registerNotificationRoutes,
} from '../features/notifications/index.ts';
import { registerSearchRoutes } from '../features/search/index.ts';
import { systemClock } from '../kit/clock.ts';
import type { Logger } from '../kit/logger.ts';
import type { SearchIndex } from '../ports/search-index.ts';

/** What the community's routes stand on beside the database; read and opened before any route is declared. */
export interface Community {
  readonly stream: NotificationStream;
  readonly seal: ReturnType<typeof createTokenSeal>;
  readonly vapidPublicKey: string;
  readonly mailKey: Buffer;
  readonly search: SearchIndex;
  readonly log: Logger;
}

export async function openCommunity({ db, secrets, search, logger }: Engines): Promise<Community> {
  const deviceKey = await secrets.get('device_key', 0);
  const vapidKey = await secrets.get('vapid_key', 0);
  return {
    stream: createNotificationStream(db, logger),
    seal: createTokenSeal(deviceKey),
    vapidPublicKey: toVapidKeys(vapidKey).publicKey,
    mailKey: await secrets.get('mail_key', 0),
    search,
    log: logger,
  };
}

export interface CommunityDeps {
  readonly db: Db;
  readonly config: Engines['config'];
  readonly community: Community;
  readonly isSignedIn: (request: FastifyRequest) => boolean;
}

export function registerCommunityRoutes(app: FastifyInstance, deps: CommunityDeps): void {
  const { db, config, community, isSignedIn } = deps;
  const { seal, vapidPublicKey, stream, mailKey, search, log } = community;
  registerSearchRoutes(app, { db, search, log, clock: systemClock, rateLimits: config.rateLimits });
  registerNotificationRoutes(app, { db, stream, isSignedIn });
  registerBroadcastRoutes(app, { db });
  registerDigestRoutes(app, { db, key: mailKey });
  registerDeviceRoutes(app, { db, seal, services: config.webPushServices, vapidPublicKey });
  registerJobRoutes(app, { queue: createPostgresJobs(db) });
}

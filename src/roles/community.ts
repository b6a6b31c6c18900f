import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engines } from '../compose.ts';
import type { Db } from '../db/pool.ts';
import { createPostgresJobs } from '../engines/postgres/postgres-jobs.ts';
import { toVapidKeys } from '../engines/webpush/web-push.ts';
import { createTokenSeal, registerDeviceRoutes } from '../features/devices/index.ts';
import { registerJobRoutes } from '../features/jobs/index.ts';
import {
  createNotificationStream,
  type NotificationStream,
  registerNotificationRoutes,
} from '../features/notifications/index.ts';

/** What the community's routes stand on beside the database; read and opened before any route is declared. */
export interface Community {
  readonly stream: NotificationStream;
  readonly seal: ReturnType<typeof createTokenSeal>;
  readonly vapidPublicKey: string;
}

export async function openCommunity({ db, secrets, logger }: Engines): Promise<Community> {
  const [deviceKey, vapidKey] = [await secrets.get('device_key', 0), await secrets.get('vapid_key', 0)];
  return {
    stream: createNotificationStream(db, logger),
    seal: createTokenSeal(deviceKey),
    vapidPublicKey: toVapidKeys(vapidKey).publicKey,
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
  const { seal, vapidPublicKey, stream } = community;
  registerNotificationRoutes(app, { db, stream, isSignedIn });
  registerDeviceRoutes(app, { db, seal, services: config.webPushServices, vapidPublicKey });
  registerJobRoutes(app, { queue: createPostgresJobs(db) });
}

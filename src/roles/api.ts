import type { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Engines } from '../compose.ts';
import type { Config } from '../config.ts';
import { createPostgresRaw } from '../engines/postgres/postgres-raw.ts';
import {
  type CampaignCache,
  createCampaignCache,
  isLive,
  registerCampaignRoutes,
} from '../features/campaigns/index.ts';
import {
  createVisitorCookie,
  type FindVisitor,
  registerCollectingRoutes,
} from '../features/collecting/index.ts';
import {
  createLiveTotals,
  type LiveTotals,
  registerDashboardRoutes,
  registerPostStats,
  type StatsDeps,
} from '../features/dashboards/index.ts';
import { createMembers, type Members, registerMemberRoutes } from '../features/members/index.ts';
import { createKeywordSearch } from '../features/search/index.ts';
import { createSessions, registerSessionRoutes, type Sessions } from '../features/sessions/index.ts';
import { shedOverload } from '../http/admission.ts';
import { authenticate, type CookieNames, cookieNames } from '../http/authenticate.ts';
import { parseCidr } from '../http/client-address.ts';
import { prepareDrain } from '../http/drain.ts';
import { listen } from '../http/listen.ts';
import { registerOpenApi } from '../http/openapi.ts';
import { createServer } from '../http/server.ts';
import { openPages } from '../http/static-pages.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { createSharedReads } from '../kit/shared-reads.ts';
import { createIngest, type FindSubject, type Ingest } from '../pipeline/ingest/index.ts';
import { type Community, openCommunity, registerCommunityRoutes } from './community.ts';
import { ERASURES } from './erasures.ts';
import { registerHealthRoutes } from './health.routes.ts';
import { findPublicPost, openPosting, type Posting, registerPostingRoutes } from './posting.ts';
import { registerTracker } from './tracker.routes.ts';
import { version } from './version.ts';

const PAGES = fileURLToPath(new URL('../../web/dist', import.meta.url));

export interface Api {
  readonly app: FastifyInstance;
  /** `http://…` as a person would type it. */
  readonly url: string;
}

/** The HTTP side of a process: every route, listening. What it opens is closed with the engines' lifecycle. */
export async function startApi(engines: Engines): Promise<Api> {
  const { config, logger, db, log, raw, secrets, lifecycle } = engines;
  const clock = systemClock;
  const members = createMembers({ db, erasures: ERASURES });
  const sessions = createSessions({ db, clock, log: logger, members });
  await sessions.start();
  lifecycle.onClose('sessions', () => sessions.stop());
  const cache = createCampaignCache(engines.accepting, clock, logger);
  lifecycle.onClose('campaign cache', () => cache.close());
  const posting = openPosting(engines);
  const live = createLiveTotals(engines.replica?.read ?? ((work) => work(db)), logger);
  const cookies = cookieNames(isSecure(config));
  const origins = new Set([...config.allowedOrigins, ...(config.publicUrl ? [config.publicUrl.origin] : [])]);
  const ingest = createIngest(
    { log, findSubject: subjectFinder(cache, posting), secrets, clock },
    { retentionDays: config.rawRetentionDays, refuseFloods: config.rateLimits },
  );
  const findVisitor = await openVisitors(engines, origins);

  const community = await openCommunity(engines);
  const { verifyAccess, verifyCsrf } = sessions;
  const credentials = { verifyAccess, verifyCsrf, cookies, origins };

  const pages = openPages(PAGES);
  const app = createServer({
    log: logger,
    trustedProxies: config.trustedProxies.map(parseCidr),
    authenticate: credentials,
    ...(pages && { pages }),
  });
  let stopping = false;
  const { closeIdle } = shedOverload(app, {
    logWaitMs: () => log.expectedWaitMs?.() ?? 0,
    stopping: () => stopping,
  });
  const drain = prepareDrain(app, closeIdle);
  await registerRoutes(app, {
    config,
    counting: engines.counting,
    replica: engines.replica,
    db,
    log,
    raw,
    get recorder() {
      return engines.recorder;
    },
    secrets,
    members,
    sessions,
    cache,
    live,
    ingest,
    findVisitor,
    clock,
    cookies,
    community,
    posting,
    isSignedIn: (request) => holds(() => authenticate(request, credentials, 'none')),
    stopping: () => stopping,
  });
  if (!(await registerTracker(app)))
    logger.warn('the tracker was not built; /t.js answers 404. Run: node scripts/setup.mjs --pages');
  let servers: readonly Server[] = [app.server];
  lifecycle.onClose('http', async () => {
    stopping = true;
    await Promise.all([live.close(), community.stream.close()]);
    await drain(servers);
    await app.close();
  });
  servers = await listen(app, { host: config.host, port: config.port });
  return { app, url: toUrl(app) };
}

interface RouteDeps
  extends Pick<Engines, 'config' | 'counting' | 'db' | 'log' | 'raw' | 'recorder' | 'replica' | 'secrets'> {
  readonly members: Members;
  readonly sessions: Sessions;
  readonly cache: CampaignCache;
  readonly live: LiveTotals;
  readonly ingest: Ingest;
  readonly findVisitor: FindVisitor | undefined;
  readonly clock: Clock;
  readonly cookies: CookieNames;
  readonly community: Community;
  readonly posting: Posting;
  readonly isSignedIn: (request: FastifyRequest) => boolean;
  readonly stopping: () => boolean;
}

/** Every route of the HTTP contract and the OpenAPI document of them; `scripts/api-types.mjs` reads the document. */
export async function registerRoutes(app: FastifyInstance, deps: RouteDeps): Promise<void> {
  const { config, db, log, raw, members, sessions, cache, ingest, findVisitor, clock, cookies } = deps;
  const { rateLimits } = config;
  const secure = isSecure(config);
  await registerOpenApi(app, version);
  const dataDir = config.databaseUrl === undefined ? config.dataDir : undefined;
  registerHealthRoutes(app, {
    db,
    log,
    counting: deps.counting,
    get recorder() {
      return deps.recorder;
    },
    stopping: deps.stopping,
    dataDir,
  });
  registerMemberRoutes(app, { members, clock, rateLimits });
  registerSessionRoutes(app, { sessions, members, clock, cookies, secure, rateLimits });
  registerCampaignRoutes(app, { db, raw, cache, ingest, findVisitor, clock });
  const { live, secrets } = deps;
  const numbers: StatsDeps = {
    readNumbers: (work) => {
      const read = deps.replica?.read ?? ((own) => own(db));
      // The log's own rows beside the counters of the same database: no other store is as far as they are.
      return read((numbers) => work(numbers, createPostgresRaw(numbers)));
    },
    share: createSharedReads(),
    visitorCookie: config.visitorCookie,
    clock,
  };
  const { community, posting, isSignedIn } = deps;
  registerDashboardRoutes(app, { db, raw, live, secrets, isSignedIn, ...numbers });
  registerPostStats(app, { posts: posting, ...numbers });
  const search = createKeywordSearch({ search: community.search, posts: posting.posts });
  registerPostingRoutes(app, { config, posting, ingest, findVisitor, search });
  registerCommunityRoutes(app, { db, config, community, posting, members, isSignedIn });
  registerCollectingRoutes(app, {
    ingest,
    findVisitor,
    findLanding: async (id) => {
      const row = await cache.get(id);
      return isLive(row, clock.now()) ? (row.landing_url ?? undefined) : undefined;
    },
  });
}

function holds(check: () => unknown): boolean {
  try {
    return check() !== undefined;
  } catch {
    // Whatever it refuses for, it is refused.
    return false;
  }
}

/** The key is read here, once: recognizing a visitor then needs no database. */
async function openVisitors(
  { config, secrets }: Engines,
  origins: ReadonlySet<string>,
): Promise<FindVisitor | undefined> {
  if (!config.visitorCookie) return undefined;
  return createVisitorCookie({
    key: await secrets.get('visitor_key', 0),
    secure: isSecure(config),
    origins,
    clock: systemClock,
    boundNewcomers: config.rateLimits,
  });
}

function isSecure({ publicUrl }: Config): boolean {
  return publicUrl?.protocol === 'https:';
}

/** Each kind of subject adds its line here. */
function subjectFinder(cache: CampaignCache, posting: Posting): FindSubject {
  return (subject, at) => {
    if (subject.kind === 'post') return findPublicPost(posting, subject.id);
    const found = cache.get(subject.id);
    return found instanceof Promise ? found.then((row) => isLive(row, at)) : isLive(found, at);
  };
}

function toUrl(app: FastifyInstance): string {
  const address = app.server.address();
  if (address === null || typeof address === 'string') return String(address);
  const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${host === '0.0.0.0' || host === '[::]' ? 'localhost' : host}:${address.port}`;
}

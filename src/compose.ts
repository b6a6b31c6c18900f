import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Counting } from './assignment/counted-logs.ts';
import { type MovingRaw, openMovingRaw, type RawPlacement } from './assignment/moving-raw.ts';
import type { Config } from './config.ts';
import { checkServer } from './db/check-server.ts';
import { createDaySecrets, type DaySecrets } from './db/day-secrets.ts';
import { openEmbeddedPostgres } from './db/embedded/index.ts';
import { migrate } from './db/migrate.ts';
import { openPool, type Pool } from './db/pool.ts';
import { createReadReplica, type ReadReplica } from './db/read-replica.ts';
import type { KafkaFacts } from './engines/kafka/kafka-log.ts';
import { openPostgresSearch } from './engines/postgres/postgres-search.ts';
import { type LogPlacement, openEventLogs } from './event-logs.ts';
import { findOrInsertImported } from './features/campaigns/index.ts';
import { systemClock } from './kit/clock.ts';
import { AppError } from './kit/errors.ts';
import { armFailpoint } from './kit/failpoint.ts';
import { createLifecycle, type Lifecycle } from './kit/lifecycle.ts';
import type { Logger } from './kit/logger.ts';
import { systemTimers } from './kit/wait.ts';
import type { ImportDeps } from './pipeline/import/index.ts';
import type { EventLog } from './ports/event-log.ts';
import type { RawStore } from './ports/raw-store.ts';
import type { SearchIndex } from './ports/search-index.ts';
import type { Recorder } from './raw-stores.ts';

/** Everything a role or a command stands on. */
export interface Engines {
  readonly config: Config;
  readonly logger: Logger;
  readonly db: Pool;
  /** For what accepting an event reads, apart from `db`: requests for numbers may fill that one, and no event waits. */
  readonly accepting: Pool;
  /** Where numbers are read while it follows; undefined where there is none. */
  readonly replica: ReadReplica | undefined;
  /** For long work in the background: few connections, no limit of time on a statement, no PgBouncer. */
  readonly maintenance: Pool;
  /** Without PgBouncer. Holds a password: never logged. */
  readonly directUrl: string;
  readonly log: EventLog;
  /** What the log in Kafka is, for people; undefined where it is PostgreSQL's. */
  readonly kafka: KafkaFacts | undefined;
  readonly counting: Counting;
  /** Where events go, for `weir move` and doctor. */
  readonly placement: LogPlacement;
  readonly raw: RawStore;
  /** What fills `raw` out of the log; undefined where the log's own rows are it. */
  readonly recorder: Recorder | undefined;
  /** Fills every raw store beside the log; it follows a move. */
  readonly startRecording: MovingRaw['start'];
  readonly rawPlacement: RawPlacement;
  readonly search: SearchIndex;
  readonly secrets: DaySecrets;
  readonly embedded: boolean;
  readonly lifecycle: Lifecycle;
  /** A server says so once it serves. Before, as in a command, a connection is waited for: nobody waits for an answer. */
  readonly started: () => void;
  readonly isStarting: () => boolean;
  readonly close: () => Promise<void>;
}

interface EngineOptions {
  /** `serve` is alone in its DATA_DIR; a command joins the server that runs there, or starts it for itself. */
  readonly role: 'serve' | 'command';
  /** Whether this process appends events. */
  readonly writes: boolean;
  /** In PostgreSQL's log, side by side; one by default. */
  readonly lanes?: number | undefined;
  readonly migrates: boolean;
}

const POOL = { serve: 12, command: 4 };
const ACCEPTING = 2;
/** Retention, and the four loops of the check in the background. */
const MAINTENANCE = 5;
/** Requests have 2.5 s; a command's rebuild of a day may take as long as it takes. */
const QUERY_TIMEOUT_MS = { serve: 2_500, command: 0 };

/** Opens what the configuration names, in order; what was opened is closed again where a later part fails. */
export async function openEngines(config: Config, logger: Logger, options: EngineOptions): Promise<Engines> {
  if (config.failpoint) {
    logger.warn(config.failpoint, 'FAILPOINT is set: this process kills itself there. Only for tests.');
    armFailpoint(config.failpoint, join(resolve(config.dataDir), 'failpoints.ndjson'));
  }
  const lifecycle = createLifecycle(logger);
  const url = config.databaseUrl ?? (await openEmbedded(config, logger, lifecycle, options.role));
  const directUrl = config.databaseDirectUrl ?? url;
  await checkServers(config).catch(closing(lifecycle));
  let starting = true;
  const isStarting = () => starting;
  const pool = (at: string, max: number, queryTimeoutMs: number, isPatient = isStarting) =>
    openPool({
      url: at,
      max,
      queryTimeoutMs,
      namedStatements: directUrl === url,
      applicationName: `weir-${options.role}`,
      log: logger,
      isPatient,
    });

  if (options.migrates) {
    const direct = await lifecycle.open('migration', pool(directUrl, 2, 0));
    const applied = await migrate(direct).catch(closing(lifecycle));
    if (applied.length > 0) logger.info({ applied }, 'migrated');
  }
  const db = await lifecycle.open('database', pool(url, POOL[options.role], QUERY_TIMEOUT_MS[options.role]));
  const accepting = await lifecycle.open('accepting', pool(url, ACCEPTING, QUERY_TIMEOUT_MS[options.role]));
  const maintenance = await lifecycle.open('maintenance', pool(directUrl, MAINTENANCE, 0));
  const replica = config.databaseReplicaUrl
    ? await lifecycle.open(
        'replica',
        createReadReplica({
          primary: db,
          replica: pool(config.databaseReplicaUrl, POOL[options.role], QUERY_TIMEOUT_MS.serve, () => false),
          maxLagMs: config.databaseReplicaLagMs,
          logger,
          now: systemClock.monotonicMs,
          timers: systemTimers,
          watches: options.role === 'serve',
        }),
      )
    : undefined;
  const { writes, lanes, migrates } = options;
  const { log, counting, kafka, placement } = await lifecycle.open(
    'event log',
    openEventLogs({
      config,
      db,
      directUrl,
      logger,
      writes,
      lanes,
      registers: writes || migrates,
      waits: options.role === 'serve',
    }),
  );
  const search = await lifecycle.open('search index', openPostgresSearch({ db, maintenance, log: logger }));
  const moving = await lifecycle.open(
    'raw store',
    openMovingRaw({ config, db, logger, follows: options.role === 'serve' }),
  );
  return {
    config,
    logger,
    db,
    accepting,
    replica,
    maintenance,
    directUrl,
    log,
    kafka,
    counting,
    placement,
    raw: moving.raw,
    get recorder() {
      return moving.recorder();
    },
    startRecording: moving.start,
    rawPlacement: moving.placement,
    search,
    secrets: createDaySecrets(accepting),
    embedded: config.databaseUrl === undefined,
    lifecycle,
    started: () => {
      starting = false;
    },
    isStarting,
    close: lifecycle.close,
  };
}

/** Those of somebody else, each by the name that the person who set it knows. */
async function checkServers({ databaseUrl, databaseDirectUrl }: Config): Promise<void> {
  if (databaseUrl === undefined) return;
  await checkServer({
    url: databaseUrl,
    variable: 'DATABASE_URL',
    keepsSession: databaseDirectUrl === undefined,
  });
  if (databaseDirectUrl !== undefined && databaseDirectUrl !== databaseUrl)
    await checkServer({ url: databaseDirectUrl, variable: 'DATABASE_DIRECT_URL', keepsSession: true });
}

async function openEmbedded(
  config: Config,
  logger: Logger,
  lifecycle: Lifecycle,
  role: 'serve' | 'command',
): Promise<string> {
  const dataDir = resolve(config.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const server = await lifecycle.open('PostgreSQL', openEmbeddedPostgres({ dataDir, log: logger, role }));
  return server.url;
}

function closing(lifecycle: Lifecycle): (error: unknown) => Promise<never> {
  return async (error) => {
    await lifecycle.close();
    throw error;
  };
}

/** What an import needs: campaigns that it makes belong to the first admin. */
export async function createImportDeps(engines: Engines): Promise<ImportDeps> {
  const { db, log, secrets } = engines;
  const [owner] = await db.query<{ id: number }>(
    `select id from members where 'admin' = any(roles) and deleted_at is null order by id limit 1`,
  );
  if (!owner)
    throw new AppError(
      'conflict',
      'There is no admin yet to own the imported campaigns. Make one: npx weir user create <e-mail> --role admin',
    );
  return {
    db,
    log,
    secrets,
    clock: systemClock,
    findOrCreateCampaign: ({ title, firstAt, lastAt }) =>
      findOrInsertImported(db, owner.id, title, new Date(firstAt), new Date(lastAt + 1)),
  };
}

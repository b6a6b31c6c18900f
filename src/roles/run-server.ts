import cluster from 'node:cluster';
import { randomBytes } from 'node:crypto';
import { type Engines, openEngines } from '../compose.ts';
import { type Config, ConfigError, loadConfig } from '../config.ts';
import { explainFullDisk } from '../db/embedded/index.ts';
import { startPresence } from '../db/presence.ts';
import { createMembers } from '../features/members/index.ts';
import { AppError } from '../kit/errors.ts';
import { createLogger, type Logger } from '../kit/logger.ts';
import { startApi } from './api.ts';
import { startHousekeeping } from './housekeeping.ts';
import { version } from './version.ts';
import { startScheduler, startWorker } from './worker.ts';

export const ROLES = ['api', 'aggregator', 'recorder', 'housekeeping', 'worker', 'scheduler'] as const;
export type RoleName = (typeof ROLES)[number];

export interface ServeOptions {
  readonly roles: readonly RoleName[];
  /** Processes that share the port; 1 is this process alone. */
  readonly workers: number;
}

const DRAIN_MS = 10_000;

/** A server process from configuration to the end of its last request. Resolves once it serves. */
export async function runServer(options: ServeOptions): Promise<void> {
  let engines: Engines | undefined;
  let config: Config | undefined;
  try {
    config = loadConfig();
    const logger = createLogger(config.logLevel);
    const worker = cluster.isWorker;
    engines = await openEngines(config, logger, {
      role: 'serve',
      writes: options.roles.includes('api') && options.workers === 1,
      migrates: !worker,
    });
    stopOnSignals(engines, logger);
    await startRoles(engines, options);
    engines.started();
  } catch (error) {
    const embedded = config !== undefined && config.databaseUrl === undefined;
    explain(embedded ? explainFullDisk(error, config!.dataDir) : error);
    await engines?.close();
    process.exit(1);
  }
}

async function startRoles(engines: Engines, { roles, workers }: ServeOptions): Promise<void> {
  const { config, counting, logger, lifecycle } = engines;
  if (!config.rateLimits)
    logger.warn('RATE_LIMITS=off: nothing is refused for coming too fast. Only for tests and load runs.');
  const password = cluster.isWorker ? undefined : await ensureAdmin(engines);
  for (const { source, address } of await counting.listLeft())
    logger.warn(
      { log: source, address },
      address === null
        ? 'events were once counted out of this log, and it is not read any more: see weir doctor'
        : 'another log is still counted beside the one that takes events: see weir doctor',
    );
  await lifecycle.open('presence', startPresence(engines.maintenance, { roles, version, logger }));
  if (roles.includes('aggregator')) await lifecycle.open('aggregator', counting.start());
  if (roles.includes('recorder')) await lifecycle.open('recorder', engines.startRecording());
  if (roles.includes('housekeeping')) await lifecycle.open('housekeeping', startHousekeeping(engines));
  if (roles.includes('worker')) await lifecycle.open('worker', startWorker(engines));
  if (roles.includes('scheduler')) await lifecycle.open('scheduler', startScheduler(engines));
  if (!roles.includes('api')) return;
  if (workers > 1) {
    await startWorkers(engines, workers);
    welcome(config, `http://${config.host}:${config.port}`, password);
    return;
  }
  const { url } = await startApi(engines);
  if (!cluster.isWorker) welcome(config, url, password);
}

/** Workers serve HTTP only; this process keeps the database, counts, and starts anew whichever of them dies. */
async function startWorkers(engines: Engines, count: number): Promise<void> {
  const { config, logger, lifecycle } = engines;
  let stopping = false;
  cluster.setupPrimary({ args: ['serve', '--roles', 'api'] });
  const env = {
    DATABASE_URL: config.databaseUrl ?? engines.directUrl,
    DATABASE_DIRECT_URL: engines.directUrl,
  };
  for (let at = 0; at < count; at += 1) cluster.fork(env);
  const listening = new Promise<void>((resolve) => cluster.once('listening', () => resolve()));
  cluster.on('exit', (worker, code) => {
    if (stopping) return;
    logger.warn({ worker: worker.id, code }, 'a worker ended and is started anew');
    setTimeout(() => !stopping && cluster.fork(env), 500);
  });
  lifecycle.onClose('workers', async () => {
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ended = workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve)));
    for (const worker of workers) worker.process.kill('SIGTERM');
    await Promise.all(ended);
  });
  await listening;
}

function stopOnSignals(engines: Engines, logger: Logger): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      logger.info({ signal }, 'stopping: what was begun is finished first; once more ends it at once');
      setTimeout(() => process.exit(1), DRAIN_MS).unref();
      void engines.close().then(() => process.exit(0));
    });
  }
}

/** Returns the password where one was made up now: it is shown this one time. */
async function ensureAdmin({ config, db }: Engines): Promise<string | undefined> {
  const members = createMembers({ db });
  const password = config.adminPassword ?? randomBytes(12).toString('base64url');
  const made = await members.ensureAdmin({ username: config.adminUsername, password });
  return made && config.adminPassword === undefined ? password : undefined;
}

function welcome(config: Config, url: string, password: string | undefined): void {
  const lines = [
    '',
    `Weir ${version} counts at ${url}`,
    '',
    `  console    ${url}/`,
    `  API        ${url}/api/docs`,
    ...(password === undefined
      ? []
      : [
          `  admin      ${config.adminUsername}`,
          `  password   ${password}   (shown this once; change it with: npx weir user password ${config.adminUsername})`,
        ]),
    '',
    '  try next   npx weir import test/data/access-combined.log.gz     a real log, its curve in the console',
    '             npm run demo                                         live traffic to look at',
    '',
  ];
  console.log(lines.join('\n'));
}

/** What went wrong, for the person at the terminal; a stack only where it is a bug. */
export function explain(error: unknown): void {
  if (error instanceof ConfigError || error instanceof AppError) console.error(`weir: ${error.message}`);
  else if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE')
    console.error(
      'weir: the port is taken by another program. Stop it, or choose another one: PORT=8001 npm start',
    );
  else if (isFullDisk(error))
    console.error(
      `weir: a disk is full: ${(error as Error).message}. Nothing that was acknowledged is lost. Free some space there, then run this again: it goes on where it was.`,
    );
  else console.error('weir:', error);
}

/** The system's own word, or what PostgreSQL makes of it (SQLSTATE 53100). */
function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === '53100' || isFullDisk(error.cause);
}

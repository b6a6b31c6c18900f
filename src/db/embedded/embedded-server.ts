import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { promisify } from 'node:util';
import type { Logger } from '../../kit/logger.ts';
import { ensureCluster, serverEnvironment } from './cluster.ts';
import type { Place } from './place.ts';
import { answers, clearRemains, findPostmaster, type Postmaster } from './postmaster.ts';
import { isAlive, signalProcess, waitUntil } from './process-table.ts';
import { boundLog, readLogTail } from './server-log.ts';
import { serverArguments } from './settings.ts';

export interface RunningServer extends Postmaster {
  /** Whether this call started it; false where it ran already. */
  readonly started: boolean;
}

interface StartOptions {
  readonly settings: Readonly<Record<string, string>>;
  /** Of the server before, so that a restart keeps its address; TCP only. */
  readonly port?: number;
}

/** Replaying 1 GB of log after a crash takes its time. */
const READY_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 5_000;

/** Adopts the server that runs in this cluster, or starts one. Call it under the lock. */
export async function ensureRunning(
  place: Place,
  options: StartOptions,
  log: Logger,
): Promise<RunningServer> {
  const existing = findPostmaster(place);
  if (existing) {
    const ready = await waitReady(place, existing.pid);
    if (ready && (await answers(place, ready))) return { ...ready, started: false };
    log.warn({ pid: existing.pid }, 'a PostgreSQL left behind does not answer: stopping it');
    await stopServer(place, log);
  }
  await clearRemains(place);
  await ensureCluster(place, log);
  return { ...(await startServer(place, options)), started: true };
}

async function startServer(place: Place, options: StartOptions): Promise<Postmaster> {
  boundLog(place.logFile);
  const port = place.socketDir !== undefined ? 5432 : (options.port ?? (await findFreePort()));
  const output = openSync(place.logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(place.binaries.postgres, serverArguments(place, port, options.settings), {
      cwd: place.clusterDir,
      // A session of its own: Ctrl-C on the terminal is for Weir, which drains first and then stops PostgreSQL.
      detached: true,
      env: serverEnvironment(),
      stdio: ['ignore', output, output],
      windowsHide: true,
      ...place.user,
    });
  } finally {
    closeSync(output);
  }
  child.unref();
  let failure: unknown;
  child.once('error', (error) => {
    failure = error;
  });
  const ready = child.pid === undefined ? undefined : await waitReady(place, child.pid);
  if (ready) return ready;
  if (child.pid !== undefined && isAlive(child.pid)) child.kill('SIGQUIT');
  throw new Error(
    `PostgreSQL did not start in ${place.clusterDir}. The end of ${place.logFile}:\n${readLogTail(place.logFile)}`,
    { cause: failure },
  );
}

/** The server once it takes connections; undefined if it ends, is stopping, or takes longer than the limit. */
async function waitReady(place: Place, pid: number): Promise<Postmaster | undefined> {
  let server: Postmaster | undefined;
  await waitUntil(() => {
    server = findPostmaster(place);
    const isReady = server?.pid === pid && server.status === 'ready';
    return isReady || server?.status === 'stopping' || !isAlive(pid);
  }, READY_LIMIT_MS);
  return server?.pid === pid && server.status === 'ready' ? server : undefined;
}

/** Fast shutdown, then immediate after 5 s, then a kill: the log on disk makes each of them safe. */
export async function stopServer(place: Place, log: Logger): Promise<void> {
  const server = findPostmaster(place);
  if (!server) return;
  const isGone = () => !isAlive(server.pid);
  if (process.platform === 'win32') {
    await stopByControl(place);
    return;
  }
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    signalProcess(server.pid, signal);
    if (await waitUntil(isGone, STOP_LIMIT_MS)) return;
    log.warn({ pid: server.pid, signal }, 'PostgreSQL has not stopped yet');
  }
  throw new Error(`PostgreSQL (pid ${server.pid}) cannot be stopped.`);
}

/** Windows has no signals: pg_ctl speaks to the server by a pipe of its own. */
async function stopByControl(place: Place): Promise<void> {
  await promisify(execFile)(
    place.binaries.pgCtl,
    ['stop', '-D', place.clusterDir, '-m', 'fast', '-w', '-t', '10'],
    { env: serverEnvironment(), windowsHide: true },
  );
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

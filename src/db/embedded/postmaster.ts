import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Place } from './place.ts';
import {
  answersSignal,
  isAlive,
  listProcesses,
  readCommand,
  signalProcess,
  waitUntil,
} from './process-table.ts';

/** What a running server wrote about itself. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly socketDir: string;
  readonly status: string;
}

const PID_FILE = 'postmaster.pid';
const ORPHAN_GRACE_MS = 50;

/** The living server of this cluster, if any. Its pid file outlives it, and its pid may be somebody else's by now. */
export function findPostmaster(place: Place): Postmaster | undefined {
  const noted = readPidFile(place);
  return noted && isAlive(noted.pid) && isOfCluster(place, noted.pid) ? noted : undefined;
}

function readPidFile(place: Place): Postmaster | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(place.clusterDir, PID_FILE), 'utf8').split('\n');
  } catch {
    // No server runs, or it has just stopped.
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const [port = '', socketDir = ''] = lines.slice(3);
  return { pid, port: Number(port), socketDir: socketDir.trim(), status: (lines[7] ?? '').trim() };
}

function isOfCluster(place: Place, pid: number): boolean {
  return process.platform !== 'linux' || readCommand(pid).includes(place.clusterName);
}

export function toUrl(place: Place, server: Postmaster): string {
  const host = place.socketDir === undefined ? `127.0.0.1:${server.port}` : '';
  const socket = `?host=${encodeURIComponent(server.socketDir)}&port=${server.port}`;
  return `postgres://weir:${place.password}@${host}/weir${host === '' ? socket : ''}`;
}

/** Whether it speaks to us within 3 s. A refusal (such as too many connections) is an answer, too. */
export async function answers(place: Place, server: Postmaster): Promise<boolean> {
  const client = new pg.Client({ connectionString: toUrl(place, server), connectionTimeoutMillis: 3_000 });
  client.on('error', () => {
    // The connection broke after its answer: the next statement would say so, and there is none.
  });
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch (error) {
    return error instanceof pg.DatabaseError && !error.code?.startsWith('57P');
  } finally {
    await client.end().catch(() => {
      // It was never connected.
    });
  }
}

/**
 * After a server's sudden death its backends may live on for a moment, and a new server refuses to start beside
 * them. Idle ones notice within milliseconds; one that computes does not, and what it does is lost already: it is
 * killed.
 */
export async function clearRemains(place: Place): Promise<void> {
  const orphans = () => listProcesses(`postgres: ${place.clusterName}: `);
  if (!(await waitUntil(() => orphans().length === 0, ORPHAN_GRACE_MS))) {
    for (const pid of orphans()) signalProcess(pid, 'SIGKILL');
    await waitUntil(() => orphans().length === 0, 2_000);
  }
  // PostgreSQL clears its own stale files, but gives up while the pid in it is taken: by a process that got it later,
  // or by the dead server itself where the container's first process does not reap. Elsewhere than on Linux we cannot
  // see that no orphan is left, and leave them alone.
  const noted = readPidFile(place);
  if (process.platform !== 'linux' || !noted || findPostmaster(place) || orphans().length > 0) return;
  if (!answersSignal(noted.pid)) return;
  rmSync(join(place.clusterDir, PID_FILE), { force: true });
  if (place.socketDir) rmSync(join(place.socketDir, `.s.PGSQL.${noted.port}.lock`), { force: true });
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Place, preparePlace } from '../../db/embedded/place.ts';
import { findPostmaster, toUrl } from '../../db/embedded/postmaster.ts';
import { signalProcess } from '../../db/embedded/process-table.ts';
import { openPool } from '../../db/pool.ts';
import { createLogger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';

/** `postmaster`; `log`: the backend that writes events; `backend`: any one that serves or works for the cluster. */
export type PostgresPart = 'postmaster' | 'log' | 'backend';

/** The embedded PostgreSQL of a rig, seen from outside the server. */
export interface PostgresProcesses {
  /** Sends a signal to a process of this part, one that `random` chooses; resolves with its pid. */
  readonly signal: (part: PostgresPart, signal: NodeJS.Signals, random: () => number) => Promise<number>;
  /** Freezes every process of it (SIGSTOP); the function it resolves with thaws them. */
  readonly freeze: () => Promise<() => void>;
  /**
   * Resolves once it takes connections again after a crash at or after `since` (ms since the epoch), with that instant
   * (`performance.now`); rejects after `limitMs`.
   */
  readonly acceptingSince: (since: number, limitMs: number) => Promise<number>;
  /** For servers beside its own, as a DATABASE_URL; throws where it does not run. */
  readonly url: () => string;
  /** One statement on a connection of its own, which is gone afterwards. */
  readonly query: <R extends object>(text: string, values?: readonly unknown[]) => Promise<R[]>;
  /** Kills the whole server at once: for a drill that is ended itself. */
  readonly killNow: () => void;
}

const LOOK_MS = 10;
const FIND_LIMIT_MS = 10_000;
const silent = createLogger('silent');

export function createPostgresProcesses(dataDir: string): PostgresProcesses {
  let known: Place | undefined;
  const place = () => (known ??= preparePlace(dataDir));
  const findMain = () => findPostmaster(place())?.pid;
  // The machine is full: a connection may take longer than a server may wait for one.
  const query: Query = (text, values) => queryOnce(place(), true, text, values);

  return {
    url: () => findUrl(place()),
    query,
    signal: async (part, signal, random) => {
      const find = async () =>
        part === 'postmaster' ? findMain() : pick(await listBackends(query, part), random);
      const due = performance.now() + FIND_LIMIT_MS;
      let pid = await find();
      // The log's writer may not be back from the crash before.
      while (pid === undefined && performance.now() < due) {
        await sleep(LOOK_MS);
        pid = await find();
      }
      if (pid === undefined) throw new Error(`PostgreSQL has no process to be called its ${part} now.`);
      signalProcess(pid, signal);
      return pid;
    },
    freeze: async () => {
      const backends = await listBackends(query, 'backend');
      const main = findMain();
      // The postmaster first: it would answer for those that stand still.
      const pids = main === undefined ? backends : [main, ...backends];
      for (const pid of pids) signalProcess(pid, 'SIGSTOP');
      return () => {
        for (const pid of pids) signalProcess(pid, 'SIGCONT');
      };
    },
    acceptingSince: async (since, limitMs) => {
      const due = performance.now() + limitMs;
      const look: Query = (text, values) => queryOnce(place(), false, text, values);
      while (!(await wasRestarted(look, since))) {
        if (performance.now() > due) throw new Error(`PostgreSQL took no connection within ${limitMs} ms.`);
        await sleep(LOOK_MS);
      }
      return performance.now();
    },
    killNow: () => {
      const main = existsSync(join(dataDir, 'postgres')) ? findMain() : undefined;
      if (main !== undefined) signalProcess(main, 'SIGKILL');
    },
  };
}

type Query = PostgresProcesses['query'];

function findUrl(place: Place): string {
  const postmaster = findPostmaster(place);
  if (!postmaster) throw new Error('PostgreSQL does not run.');
  return toUrl(place, postmaster);
}

async function queryOnce<R extends object>(
  place: Place,
  isPatient: boolean,
  text: string,
  values?: readonly unknown[],
): Promise<R[]> {
  const pool = openPool({
    url: findUrl(place),
    max: 1,
    queryTimeoutMs: 20_000,
    namedStatements: false,
    applicationName: 'weir-drill',
    log: silent,
    isPatient: () => isPatient,
  });
  return pool.query<R>(text, values).finally(() => pool.close());
}

/** Pids of its processes but the postmaster; with `log`, of the writers of events alone. */
async function listBackends(query: Query, part: 'log' | 'backend'): Promise<number[]> {
  const rows = await query<{ pid: number }>(
    `select pid from pg_stat_activity
     where pid <> pg_backend_pid() and ($1 = 'backend' or application_name = 'weir-log') order by pid`,
    [part],
  );
  return rows.map((row) => row.pid);
}

/** Each crash ends every process but the postmaster, and the checkpointer is among the first that come back. */
async function wasRestarted(query: Query, since: number): Promise<boolean> {
  const found = await query<{ fresh: boolean }>(
    `select backend_start > $1 as fresh from pg_stat_activity where backend_type = 'checkpointer'`,
    [new Date(since)],
  ).catch(() => []);
  return found[0]?.fresh ?? false;
}

function pick<T>(values: readonly T[], random: () => number): T | undefined {
  return values[Math.floor(random() * values.length)];
}

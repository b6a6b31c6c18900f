import { createPostgresProcesses, type PostgresProcesses } from './postgres-processes.ts';
import {
  createServerProcess,
  type Environment,
  findDrillPort,
  type ServerProcess,
} from './server-process.ts';

const EXIT_LIMIT_MS = 5_000;

interface OpenServer {
  readonly server: ServerProcess;
  readonly postgres: PostgresProcesses;
}

/** Every server of one rig, so that none outlives it. */
export interface RigServers {
  /** One on this data directory and a port of its own; it is not started yet. */
  readonly open: (dataDir: string) => Promise<OpenServer>;
  /** Kills all of them and their PostgreSQL, and waits for their ends. */
  readonly close: () => Promise<void>;
}

export function createRigServers(dir: string, env: Environment, logFile: string): RigServers {
  const opened: OpenServer[] = [];
  const killNow = () => {
    for (const { server, postgres } of opened) {
      server.signal('SIGKILL');
      postgres.killNow();
    }
  };
  // A drill that is ended in the middle leaves no server behind.
  process.once('exit', killNow);
  return {
    open: async (dataDir) => {
      const port = await findDrillPort();
      const own = { ...env, DATA_DIR: dataDir, PORT: String(port) };
      const one = {
        server: createServerProcess({ dir, env: own, port, logFile }),
        postgres: createPostgresProcesses(dataDir),
      };
      opened.push(one);
      return one;
    },
    close: async () => {
      killNow();
      for (const { server } of opened) await server.exited(EXIT_LIMIT_MS);
      process.off('exit', killNow);
    },
  };
}

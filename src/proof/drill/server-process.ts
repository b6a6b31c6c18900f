import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { serverEnvironment } from '../../db/embedded/cluster.ts';
import { sleep } from '../../kit/wait.ts';

const MAIN = fileURLToPath(new URL('../../main.ts', import.meta.url));
const WEIR = fileURLToPath(new URL('../../cli/weir.ts', import.meta.url));
const READY_LIMIT_MS = 60_000;
const LOOK_MS = 10;
/** Of one look: a server that is flooded at once answers late. */
const LOOK_LIMIT_MS = 10_000;
const TAIL_CHARS = 2_000;

export type Environment = Readonly<Record<string, string>>;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The server as a process of its own, started and ended as often as a scenario likes. */
export interface ServerProcess {
  readonly url: string;
  /** Starts it without waiting, or `weir …args`; `env` is added to the rig's. Throws where it runs already. */
  readonly launch: (env?: Environment, args?: readonly string[]) => void;
  /** Resolves with the milliseconds since `launch` once it is ready; rejects with the end of its output where it ends. */
  readonly ready: () => Promise<number>;
  /** `launch` and `ready`. */
  readonly start: (env?: Environment, args?: readonly string[]) => Promise<number>;
  /** Memory of the process (resident set), in MB; undefined where the platform does not tell, or none runs. */
  readonly memoryMb: () => number | undefined;
  /** Sends a signal: SIGSTOP and SIGCONT freeze and thaw it. */
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Sends SIGKILL or SIGTERM and waits for the end. Without effect where it does not run. */
  readonly end: (signal: 'SIGKILL' | 'SIGTERM') => Promise<Exit | undefined>;
  /** How it ended, or undefined while it still runs after `limitMs`. */
  readonly exited: (limitMs: number) => Promise<Exit | undefined>;
}

interface ServerOptions {
  /** Working directory: holds no `.env`. */
  readonly dir: string;
  readonly port: number;
  readonly env: Environment;
  /** What the server writes is added here. */
  readonly logFile: string;
}

export function createServerProcess(options: ServerOptions): ServerProcess {
  const url = `http://127.0.0.1:${options.port}`;
  let child: ChildProcess | undefined;
  let launchedAt = 0;
  const runs = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  function launch(env: Environment = {}, args?: readonly string[]): void {
    if (runs()) throw new Error(`The server of the drill runs already (process ${child?.pid}).`);
    launchedAt = performance.now();
    child = spawnNode(args ? [WEIR, ...args] : [MAIN], options, env);
  }

  async function ready(): Promise<number> {
    while (performance.now() - launchedAt < READY_LIMIT_MS) {
      if (!runs()) throw new Error(`The server ended before it was ready:\n${readTail(options.logFile)}`);
      if (await answers(`${url}/health/ready`)) return performance.now() - launchedAt;
      await sleep(LOOK_MS);
    }
    throw new Error(`The server was not ready after ${READY_LIMIT_MS} ms:\n${readTail(options.logFile)}`);
  }

  async function exited(limitMs: number): Promise<Exit | undefined> {
    if (child === undefined) return undefined;
    if (runs()) {
      const timeout = AbortSignal.timeout(limitMs);
      await once(child, 'exit', { signal: timeout }).catch(() => undefined);
    }
    return runs() ? undefined : { code: child.exitCode, signal: child.signalCode };
  }

  return {
    url,
    launch,
    ready,
    start: (env, args) => {
      launch(env, args);
      return ready();
    },
    memoryMb: () => (runs() ? readMemoryMb(child!.pid!) : undefined),
    signal: (signal) => void child?.kill(signal),
    end: async (signal) => {
      if (!runs()) return undefined;
      child?.kill(signal);
      return exited(READY_LIMIT_MS);
    },
    exited,
  };
}

export interface CommandResult extends Exit {
  readonly output: string;
}

/** Runs `weir …args` to its end, in the same environment as the server. */
export async function runCommand(
  args: readonly string[],
  options: Pick<ServerOptions, 'dir' | 'env' | 'logFile'>,
  env: Environment,
): Promise<CommandResult> {
  const child = spawnNode([WEIR, ...args], options, env, 'pipe');
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode, output };
}

/** Nothing of this process's environment comes along: a DATABASE_URL in it would lead to a database that lives. */
function spawnNode(
  args: readonly string[],
  options: Pick<ServerOptions, 'dir' | 'env' | 'logFile'>,
  env: Environment,
  stdout?: 'pipe',
): ChildProcess {
  const log = openSync(options.logFile, 'a');
  try {
    return spawn(process.execPath, [...args], {
      cwd: options.dir,
      env: { ...serverEnvironment(), ...options.env, ...env },
      // A session of its own: Ctrl-C is for the drill, which ends what it started in order.
      detached: true,
      stdio: ['ignore', stdout ?? log, log],
    });
  } finally {
    closeSync(log);
  }
}

async function answers(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(LOOK_LIMIT_MS) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.ok;
    },
    () => false,
  );
}

function readMemoryMb(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1_024);
  } catch {
    // It ended in between, or this is no Linux.
    return undefined;
  }
}

function readTail(file: string): string {
  return readFileSync(file, 'utf8').slice(-TAIL_CHARS);
}

/**
 * A free port below those that the system gives to outgoing connections: while the server is down, a client's socket
 * that got the very port it calls would connect to itself, and the server could not come back.
 */
export async function findDrillPort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer().listen(port, '127.0.0.1');
    const free = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.close();
    if (free) return port;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, closeSync, mkdirSync, mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findServerUser } from '../../src/db/embedded/os-user.ts';
import { until } from './until.ts';

/** Whom a server runs as that refuses to be root; undefined where this process is not root either. */
const user = findServerUser('/no/such/folder');

/** A folder of one test, where servers of another user may have folders of their own. */
export function makeServerFolder(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `weir-${name}-`));
  chmodSync(dir, 0o755);
  return dir;
}

/** A new folder in it that belongs to the servers' user. */
export function makeOwnFolder(dir: string, name: string): string {
  const made = join(dir, name);
  mkdirSync(made, { mode: 0o700 });
  giveToServer(made);
  return made;
}

export function giveToServer(path: string): void {
  if (user) chownSync(path, user.uid, user.gid);
}

/** Runs a program of a server to its end, as the user of servers; throws with what it printed where that is not a good one. */
export async function runAsServer(command: string, args: string[], mayBeRoot = false): Promise<string> {
  const child = spawn(command, args, {
    cwd: '/',
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    ...(mayBeRoot ? {} : user),
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${printed}`);
  return printed;
}

export interface OwnServer {
  readonly start: () => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
  /** Waits for its end. */
  readonly end: (name: NodeJS.Signals) => Promise<void>;
}

interface OwnServerOptions {
  readonly command: string;
  readonly args: string[];
  readonly logFile: string;
  readonly isReady: () => Promise<boolean>;
  readonly limitMs?: number;
  /** It does not mind to run as root. */
  readonly mayBeRoot?: boolean;
}

/** A server that one test starts, kills and starts again. It ends with the test's process at the latest. */
export function createOwnServer({
  command,
  args,
  logFile,
  isReady,
  limitMs = 30_000,
  mayBeRoot = false,
}: OwnServerOptions): OwnServer {
  let child: ChildProcess | undefined;
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const signal = (name: NodeJS.Signals) => {
    if (isRunning()) child!.kill(name);
  };
  process.once('exit', () => signal('SIGKILL'));
  return {
    signal,
    start: async () => {
      const log = openSync(logFile, 'a');
      child = spawn(command, args, {
        cwd: '/',
        env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
        stdio: ['ignore', log, log],
        ...(mayBeRoot ? {} : user),
      });
      closeSync(log);
      await until(async () => {
        if (!isRunning())
          throw new Error(
            `${command} ended with ${child!.exitCode}:\n${readFileSync(logFile, 'utf8').slice(-2_000)}`,
          );
        return isReady();
      }, limitMs);
    },
    end: async (name) => {
      if (!isRunning()) return;
      const ended = once(child!, 'exit');
      child!.kill(name);
      await ended;
    },
  };
}

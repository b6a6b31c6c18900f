import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { until } from './until.ts';
import { findFreePort } from './weir.ts';

const binary = process.env.TEST_MONGOD;
const required = /\b(all|mongodb)\b/.test(process.env.REQUIRE_ENGINES ?? '');

/** Why a test that kills a MongoDB of its own is skipped, or false. With REQUIRE_ENGINES it is not skipped, and fails. */
export const withoutMongod: false | string =
  binary || required ? false : 'no mongod to kill: set TEST_MONGOD to the path of its program (6.0 or newer)';

export interface Mongod {
  readonly url: string;
  /** Ends it as `kill -9` does, and starts it again on the same files. */
  readonly crash: (whileDown: () => Promise<void>) => Promise<void>;
  /** Stops it where it is: connections stay, nobody answers. */
  readonly freeze: (whileFrozen: () => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** A MongoDB that this test alone uses: a replica set of one, with its files in `dir`. */
export async function openMongod(dir: string): Promise<Mongod> {
  if (!binary) throw new Error('TEST_MONGOD is not set: give it the path of a mongod.');
  const data = join(dir, 'mongodb');
  mkdirSync(data);
  const port = await findFreePort();
  const own = ['--dbpath', data, '--port', String(port), '--logpath', join(dir, 'mongod.log'), '--logappend'];
  const small = ['--oplogSize', '128', '--wiredTigerCacheSizeGB', '0.25', '--nounixsocket'];
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(binary!, [...own, ...small, '--bind_ip', '127.0.0.1', '--replSet', 'weir'], {
      stdio: 'ignore',
    });
    await until(async () => {
      if (child!.exitCode !== null)
        throw new Error(`mongod ended with ${child!.exitCode}: see ${dir}/mongod.log`);
      return isPrimary(port);
    }, 30_000);
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child!.exitCode !== null || child!.signalCode !== null) return;
    const ended = once(child!, 'exit');
    child!.kill(signal);
    await ended;
  }

  await start().catch(async (error: unknown) => {
    await end('SIGKILL');
    throw error;
  });
  return {
    url: `mongodb://127.0.0.1:${port}/weir`,
    crash: async (whileDown) => {
      await end('SIGKILL');
      try {
        await whileDown();
      } finally {
        await start();
      }
    },
    freeze: async (whileFrozen) => {
      child!.kill('SIGSTOP');
      try {
        await whileFrozen();
      } finally {
        child!.kill('SIGCONT');
      }
    },
    close: async () => {
      await end('SIGKILL');
    },
  };
}

/** Makes the replica set at its first start, too. A new client each time: one that was refused once does not come back. */
async function isPrimary(port: number): Promise<boolean> {
  const client = new MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
    serverSelectionTimeoutMS: 500,
    connectTimeoutMS: 500,
    socketTimeoutMS: 2_000,
  });
  try {
    const { isWritablePrimary, setName } = await client.db('admin').command({ hello: 1 });
    const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
    if (!setName) await client.db('admin').command({ replSetInitiate: { _id: 'weir', members } });
    return isWritablePrimary === true;
  } catch {
    // It does not listen yet, or is just becoming what it shall be.
    return false;
  } finally {
    await client.close();
  }
}

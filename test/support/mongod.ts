import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { IssuedCertificate } from './certificates.ts';
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

/** A door that only TLS and a user open. */
export interface LockedDoor {
  readonly certificate: IssuedCertificate;
  /** File (PEM) of who signed it. */
  readonly authority: string;
  readonly username: string;
  readonly password: string;
}

/** A MongoDB that this test alone uses: a replica set of one, with its files in `dir`. */
export async function openMongod(dir: string, door?: LockedDoor): Promise<Mongod> {
  if (!binary) throw new Error('TEST_MONGOD is not set: give it the path of a mongod.');
  const data = join(dir, 'mongodb');
  mkdirSync(data);
  const port = await findFreePort();
  const own = ['--dbpath', data, '--port', String(port), '--logpath', join(dir, 'mongod.log'), '--logappend'];
  const small = ['--oplogSize', '128', '--wiredTigerCacheSizeGB', '0.25', '--nounixsocket'];
  const locked = door ? lock(dir, door) : [];
  const host = door ? 'localhost' : '127.0.0.1';
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    child = spawn(binary!, [...own, ...small, ...locked, '--bind_ip', '127.0.0.1', '--replSet', 'weir'], {
      stdio: 'ignore',
    });
    await until(async () => {
      if (child!.exitCode !== null)
        throw new Error(`mongod ended with ${child!.exitCode}: see ${dir}/mongod.log`);
      return isPrimary(`${host}:${port}`, door);
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
    url: `mongodb://${host}:${port}/weir`,
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
async function isPrimary(host: string, door: LockedDoor | undefined): Promise<boolean> {
  const client = new MongoClient(`mongodb://${host}/?directConnection=true`, {
    ...(door && { tls: true, tlsCAFile: door.authority }),
    serverSelectionTimeoutMS: 500,
    connectTimeoutMS: 500,
    socketTimeoutMS: 2_000,
  });
  try {
    const { isWritablePrimary, setName } = await client.db('admin').command({ hello: 1 });
    const members = [{ _id: 0, host }];
    if (!setName) await client.db('admin').command({ replSetInitiate: { _id: 'weir', members } });
    // Until there is a user, whoever comes from the same machine may make one.
    if (isWritablePrimary && door) await makeUser(client, door);
    return isWritablePrimary === true;
  } catch {
    // It does not listen yet, or is just becoming what it shall be.
    return false;
  } finally {
    await client.close();
  }
}

function lock(dir: string, { certificate, authority }: LockedDoor): string[] {
  const keyFile = join(dir, 'mongodb.key');
  writeFileSync(keyFile, 'bWVtYmVycyBvZiBvbmUgc2V0IGtub3cgaXQ=', { mode: 0o400 });
  // Members of a set are clients of each other, and look at certificates too.
  const tls = [
    '--tlsMode',
    'requireTLS',
    '--tlsCertificateKeyFile',
    certificate.both,
    '--tlsCAFile',
    authority,
  ];
  return ['--auth', '--keyFile', keyFile, ...tls, '--tlsAllowConnectionsWithoutCertificates'];
}

async function makeUser(client: MongoClient, { username, password }: LockedDoor): Promise<void> {
  await client.db('admin').command({
    createUser: username,
    pwd: password,
    // The first one must be able to make others.
    roles: ['root'],
  });
}

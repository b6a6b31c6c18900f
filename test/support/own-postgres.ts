import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createOwnServer, giveToServer, makeOwnFolder, type OwnServer, runAsServer } from './own-server.ts';
import { findFreePort } from './weir.ts';

const programs = process.env.TEST_POSTGRES_BIN;
const required = /\b(all|postgres)\b/.test(process.env.REQUIRE_ENGINES ?? '');
const PASSWORD = 'six-tall-cranes';

/** Why a test that needs a PostgreSQL of its own is skipped, or false. With REQUIRE_ENGINES it is not skipped, and fails. */
export const withoutOwnPostgres: false | string =
  programs || required
    ? false
    : 'no programs of PostgreSQL: set TEST_POSTGRES_BIN to their folder (15 or newer), such as /usr/lib/postgresql/15/bin';

export interface OwnPostgres extends OwnServer {
  readonly port: number;
  /** Of the superuser `postgres`, or of another one. */
  readonly url: (database?: string, user?: string, host?: string) => string;
  /** One statement by the superuser. */
  readonly query: <R extends object>(text: string, database?: string) => Promise<R[]>;
}

interface OwnPostgresOptions {
  /** Further lines of postgresql.conf. */
  readonly settings?: readonly string[];
}

/** A PostgreSQL of Debian's that this test alone uses, with its files in `dir`, already started. */
export async function openOwnPostgres(dir: string, options: OwnPostgresOptions = {}): Promise<OwnPostgres> {
  const data = makeOwnFolder(dir, 'primary');
  const passwordFile = join(dir, 'password');
  writeFileSync(passwordFile, PASSWORD);
  giveToServer(passwordFile);
  await runAsServer(program('initdb'), [
    ...['-D', data, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
  ]);
  appendFileSync(join(data, 'postgresql.conf'), `${(options.settings ?? []).join('\n')}\n`);
  return start(dir, data, 'primary');
}

/** A standby that streams from it. */
export async function openStandby(dir: string, primary: OwnPostgres): Promise<OwnPostgres> {
  const data = makeOwnFolder(dir, 'standby');
  await runAsServer(program('pg_basebackup'), [
    ...['-D', data, '-R', '-c', 'fast', '-X', 'stream', '--no-sync'],
    ...['-d', primary.url('postgres')],
  ]);
  return start(dir, data, 'standby');
}

async function start(dir: string, data: string, name: string): Promise<OwnPostgres> {
  const port = await findFreePort();
  const logFile = join(dir, `${name}.log`);
  const url = (database = 'postgres', user = 'postgres', host = '127.0.0.1') =>
    `postgres://${user}:${PASSWORD}@${host}:${port}/${database}`;
  const server = createOwnServer({
    command: program('postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
    ],
    logFile,
    isReady: () =>
      runAsServer(program('pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
        () => true,
        () => false,
      ),
  });
  await server.start();
  return { ...server, port, url, query: (text, database) => queryOnce(url(database), text) };
}

/** On a connection of its own. */
export async function queryOnce<R extends object>(url: string, text: string): Promise<R[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<R & pg.QueryResultRow>(text)).rows;
  } finally {
    await client.end();
  }
}

/** An ordinary role with this password and a database that it owns. */
export async function makeOwnedDatabase(server: OwnPostgres, name: string): Promise<string> {
  await server.query(`create role ${name} login password '${PASSWORD}'`);
  await server.query(`create database ${name} owner ${name}`);
  return server.url(name, name);
}

function program(name: string): string {
  if (!programs)
    throw new Error('TEST_POSTGRES_BIN is not set: give it the folder of PostgreSQL’s programs.');
  return join(programs, name);
}

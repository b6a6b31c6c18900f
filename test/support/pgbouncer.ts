import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { queryOnce } from './own-postgres.ts';
import { createOwnServer, giveToServer, makeOwnFolder, type OwnServer } from './own-server.ts';
import { findFreePort } from './weir.ts';

const program = process.env.TEST_PGBOUNCER;
const required = /\b(all|pgbouncer)\b/.test(process.env.REQUIRE_ENGINES ?? '');

/** Why a test that needs PgBouncer is skipped, or false. With REQUIRE_ENGINES it is not skipped, and fails. */
export const withoutPgbouncer: false | string =
  program || required ? false : 'no PgBouncer: set TEST_PGBOUNCER to the path of its program (1.18 or newer)';

export interface Pgbouncer extends OwnServer {
  readonly url: string;
  readonly log: () => string;
}

interface PgbouncerOptions {
  readonly dir: string;
  /** Of PostgreSQL itself. */
  readonly server: string;
  readonly mode: 'transaction' | 'session' | 'statement';
  readonly poolSize?: number;
}

/** A PgBouncer before this server, already started. Clients come with the server's own user and password. */
export async function openPgbouncer({
  dir,
  server,
  mode,
  poolSize = 20,
}: PgbouncerOptions): Promise<Pgbouncer> {
  if (!program) throw new Error('TEST_PGBOUNCER is not set: give it the path of a pgbouncer.');
  const { hostname, port: serverPort, username, password, pathname } = new URL(server);
  const port = await findFreePort();
  const own = makeOwnFolder(dir, `pgbouncer-${mode}-${port}`);
  const logFile = join(dir, `pgbouncer-${port}.log`);
  const ini = join(own, 'pgbouncer.ini');
  const users = join(own, 'users.txt');
  writeFileSync(users, `"${username}" "${password}"\n`);
  // The limits of docs/operations.md, since no client may ask PgBouncer for its own.
  const limits = `connect_query='set statement_timeout = 2400; set lock_timeout = 1000'`;
  writeFileSync(
    ini,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${serverPort} ${limits}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = ${poolSize}
max_client_conn = 500
server_login_retry = 1
`,
  );
  for (const path of [ini, users]) giveToServer(path);
  const url = `postgres://${username}:${password}@127.0.0.1:${port}${pathname}`;
  const bouncer = createOwnServer({
    command: program,
    args: [ini],
    logFile,
    isReady: () =>
      queryOnce(url, 'select 1').then(
        () => true,
        () => false,
      ),
  });
  await bouncer.start();
  return { ...bouncer, url, log: () => readFileSync(logFile, 'utf8') };
}

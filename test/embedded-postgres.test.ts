import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import pg from 'pg';
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { AppError } from '../src/kit/errors.ts';
import { createLogger } from '../src/kit/logger.ts';
import { sleep } from '../src/kit/wait.ts';

const log = createLogger('silent');
const root = mkdtempSync(join(tmpdir(), 'weir-embedded-'));
chmodSync(root, 0o755);
let folders = 0;

const owners: ChildProcess[] = [];

/** After a failed test, too, no process stays. */
after(() => {
  for (const owner of owners) owner.kill('SIGKILL');
  for (let number = 1; number <= folders; number += 1) {
    const pid = findServerPid(join(root, `data-${number}`));
    if (pid && isRunning(pid)) process.kill(pid, 'SIGQUIT');
  }
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

function newDataDir(): string {
  folders += 1;
  return join(root, `data-${folders}`);
}

/** The pid file's first line; undefined where no server has left one. */
function findServerPid(dataDir: string): number | undefined {
  const file = join(dataDir, 'postgres', 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {
    // Killed on purpose by some tests; a query in flight rejects by itself.
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function eventually<T>(what: string, attempt: () => Promise<T> | T, limitMs = 10_000): Promise<T> {
  const deadline = performance.now() + limitMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      return await attempt();
    } catch (error) {
      last = error;
      await sleep(10);
    }
  }
  throw new Error(`never: ${what}`, { cause: last });
}

interface Owner {
  readonly child: ChildProcess;
  readonly url: string;
  readonly owned: boolean;
}

function spawnOwner(dataDir: string, role: 'serve' | 'command'): ChildProcess {
  const script = join(import.meta.dirname, 'support', 'embedded-owner.ts');
  const child = spawn(process.execPath, [script, dataDir, role], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  owners.push(child);
  return child;
}

async function startOwner(dataDir: string, role: 'serve' | 'command'): Promise<Owner> {
  const child = spawnOwner(dataDir, role);
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) {
    const opened: { url: string; owned: boolean } = JSON.parse(line);
    return { child, ...opened };
  }
  throw new Error('the owner ended without opening');
}

function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

async function withServe(
  dataDir: string,
  work: (database: EmbeddedPostgres) => Promise<void>,
): Promise<void> {
  const database = await openEmbeddedPostgres({ dataDir, log, role: 'serve' });
  try {
    await work(database);
  } finally {
    await database.close();
  }
}

test('a fresh folder becomes a database in UTF-8 with checksums, and closing stops it', async () => {
  const dataDir = newDataDir();
  let pid: number | undefined;
  await withServe(dataDir, async ({ url, owned }) => {
    assert.equal(owned, true);
    pid = findServerPid(dataDir);
    const [row] = await query(
      url,
      `select current_user as who, current_database() as db, current_setting('data_checksums') as sums,
         current_setting('fsync') as fsync, current_setting('server_encoding') as encoding,
         upper('é가') as upper`,
    );
    const expected = { who: 'weir', db: 'weir', sums: 'on', fsync: 'on', encoding: 'UTF8', upper: 'É가' };
    assert.deepEqual(row, expected);
  });
  assert.ok(pid);
  assert.equal(isRunning(pid), false);
});

test('a killed PostgreSQL comes back by itself with every committed row, at the same address', async () => {
  const dataDir = newDataDir();
  await withServe(dataDir, async ({ url }) => {
    await query(url, 'create table kept (n int); insert into kept values (7)');
    for (let round = 0; round < 2; round += 1) {
      const pid = findServerPid(dataDir);
      assert.ok(pid);
      process.kill(pid, 'SIGKILL');
      await eventually('restarted', () => assert.notEqual(findServerPid(dataDir), pid));
      assert.deepEqual(await eventually('rows', () => query(url, 'select n from kept')), [{ n: 7 }]);
    }
  });
});

test('after kill -9 of the whole process group the next start adopts the server, supervises it and finds the rows', async () => {
  const dataDir = newDataDir();
  const owner = await startOwner(dataDir, 'serve');
  await query(owner.url, 'create table kept (n int); insert into kept values (1)');
  assert.ok(owner.child.pid);
  process.kill(-owner.child.pid, 'SIGKILL');
  await endOf(owner.child);
  await withServe(dataDir, async ({ url, owned }) => {
    assert.equal(owned, false);
    assert.deepEqual(await query(url, 'select n from kept'), [{ n: 1 }]);
    const pid = findServerPid(dataDir);
    assert.ok(pid);
    process.kill(pid, 'SIGKILL');
    await eventually('restarted', () => assert.notEqual(findServerPid(dataDir), pid));
    assert.deepEqual(await eventually('rows', () => query(url, 'select n from kept')), [{ n: 1 }]);
  });
});

test('after kill -9 of the owner and of PostgreSQL the next start recovers', async () => {
  const dataDir = newDataDir();
  const owner = await startOwner(dataDir, 'serve');
  await query(owner.url, 'create table kept (n int); insert into kept values (2)');
  const pid = findServerPid(dataDir);
  assert.ok(pid);
  owner.child.kill('SIGKILL');
  process.kill(pid, 'SIGKILL');
  await endOf(owner.child);
  await withServe(dataDir, async ({ url, owned }) => {
    assert.equal(owned, true);
    assert.deepEqual(await query(url, 'select n from kept'), [{ n: 2 }]);
  });
});

test('a pid file that now names some other process does not stop the start', async () => {
  const dataDir = newDataDir();
  await withServe(dataDir, async () => {});
  const other = spawn('sleep', ['600'], { ...(process.getuid?.() === 0 && { uid: 65534, gid: 65534 }) });
  try {
    const file = join(dataDir, 'postgres', 'postmaster.pid');
    writeFileSync(file, `${other.pid}\n/nowhere\n1700000000\n5432\n/nowhere\n\n\nready   \n`);
    await withServe(dataDir, async ({ url }) => {
      assert.deepEqual(await query(url, 'select 1 as n'), [{ n: 1 }]);
    });
    assert.ok(other.pid && isRunning(other.pid));
  } finally {
    other.kill();
  }
});

test('kill -9 in the middle of the first start leaves nothing that hinders the next one', async () => {
  const dataDir = newDataDir();
  const child = spawnOwner(dataDir, 'serve');
  const isCreating = () => {
    const draft = readdirSync(dataDir).find((name) => name.startsWith('postgres.new-'));
    assert.ok(draft && existsSync(join(dataDir, draft, 'base')));
  };
  await eventually('initdb runs', isCreating);
  child.kill('SIGKILL');
  await endOf(child);
  assert.equal(existsSync(join(dataDir, 'postgres')), false);
  await withServe(dataDir, async ({ url }) => {
    assert.deepEqual(await query(url, 'select 1 as n'), [{ n: 1 }]);
  });
});

test('a second serve on the same folder is refused by naming the first one', async () => {
  const dataDir = newDataDir();
  const owner = await startOwner(dataDir, 'serve');
  const refused = (error: unknown) =>
    error instanceof AppError &&
    error.code === 'conflict' &&
    error.message.includes(`process ${owner.child.pid}`) &&
    error.message.includes('DATA_DIR');
  await assert.rejects(openEmbeddedPostgres({ dataDir, log, role: 'serve' }), refused);
  owner.child.kill('SIGTERM');
  await endOf(owner.child);
  await withServe(dataDir, async ({ owned }) => assert.equal(owned, true));
});

test('a command joins a serve, serve joins a command, and the last to leave stops the server', async () => {
  const dataDir = newDataDir();
  const command = await startOwner(dataDir, 'command');
  const pid = findServerPid(dataDir);
  assert.ok(pid);
  const serve = await openEmbeddedPostgres({ dataDir, log, role: 'serve' });
  const second = await openEmbeddedPostgres({ dataDir, log, role: 'command' });
  assert.deepEqual([command.owned, serve.owned, second.owned], [true, false, false]);
  command.child.kill('SIGTERM');
  await endOf(command.child);
  await serve.close();
  assert.equal(findServerPid(dataDir), pid);
  assert.deepEqual(await query(second.url, 'select 1 as n'), [{ n: 1 }]);
  await second.close();
  assert.equal(isRunning(pid), false);
});

test('a user that was killed does not keep the server from being stopped', async () => {
  const dataDir = newDataDir();
  const killed = await startOwner(dataDir, 'command');
  const database = await openEmbeddedPostgres({ dataDir, log, role: 'command' });
  killed.child.kill('SIGKILL');
  await endOf(killed.child);
  const pid = findServerPid(dataDir);
  assert.ok(pid);
  await database.close();
  assert.equal(isRunning(pid), false);
});

test('many starters at once share one server', async () => {
  const dataDir = newDataDir();
  const open = () => openEmbeddedPostgres({ dataDir, log, role: 'command' });
  const all = await Promise.all([open(), open(), open(), open()]);
  assert.equal(all.filter((database) => database.owned).length, 1);
  await Promise.all(all.map((database) => database.close()));
  assert.equal(findServerPid(dataDir), undefined);
});

test('a folder whose path is too long for a socket works, and so does one nobody else may enter', async () => {
  const hidden = join(root, 'private');
  mkdirSync(hidden, { mode: 0o700 });
  for (const dataDir of [join(root, 'long '.repeat(30).trim(), '한글, "quoted"'), join(hidden, 'data')]) {
    await withServe(dataDir, async ({ url }) => {
      await query(url, 'create table kept (n int); insert into kept values (3)');
    });
    await withServe(dataDir, async ({ url }) => {
      assert.deepEqual(await query(url, 'select n from kept'), [{ n: 3 }]);
    });
  }
});

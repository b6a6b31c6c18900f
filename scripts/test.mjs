/**
 * `npm test`: types, lint, import rules, dead code, then every test against a real PostgreSQL: the one TEST_DATABASE_URL
 * names, else the embedded one in a folder of its own that goes away afterwards.
 */
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { createLogger } from '../src/kit/logger.ts';

function run(command, args, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env });
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

const only = process.argv.slice(2);
if (only.length === 0 && (await run('npm', ['run', '--silent', 'check'])) !== 0) process.exit(1);

const folder = mkdtempSync(join(tmpdir(), 'weir-test-'));
let server;
let status = 1;
try {
  const env = { ...process.env, NODE_ENV: 'test' };
  if (!env.TEST_DATABASE_URL) {
    // Tests look for lost rows after crashes of Weir, not of the machine: no need to wait for this disk.
    server = await openEmbeddedPostgres({ dataDir: folder, log: createLogger('warn'), role: 'command' });
    env.TEST_DATABASE_URL = server.url;
  }
  const files = only.length > 0 ? only : globSync(['test/**/*.test.ts', 'src/**/*.test.ts']).sort();
  const limit = new URL('test-limit.mjs', import.meta.url).href;
  status = await run(process.execPath, ['--import', limit, '--test', '--test-concurrency=2', ...files], env);
} finally {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = status;

/**
 * Makes a bare clone ready, on any Node from 20 on: installs what is missing or older than the lock file, and with
 * `--pages` builds the console and the tracker where their sources changed. It does nothing, quickly, when all is there.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');

function digest(paths) {
  const hash = createHash('sha256');
  const add = (path) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      if (entry.name === 'dist' || entry.name === 'node_modules') continue;
      const inner = join(path, entry.name);
      if (entry.isDirectory()) add(inner);
      else hash.update(entry.name).update(readFileSync(inner));
    }
  };
  for (const path of paths) {
    if (existsSync(path) && path.endsWith('.json')) hash.update(readFileSync(path));
    else if (existsSync(path)) add(path);
  }
  return hash.digest('hex');
}

/** Runs a step when `mark` does not hold `want` yet, and writes it there afterwards. */
function once(mark, want, what, run) {
  if (existsSync(mark) && readFileSync(mark, 'utf8') === want) return;
  console.log(`weir: ${what} …`);
  run();
  mkdirSync(dirname(mark), { recursive: true });
  writeFileSync(mark, want);
}

function must(command, args) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (result.status !== 0) {
    console.error(
      `weir: "${command} ${args.join(' ')}" failed. Its own message stands above; mend that and start again.`,
    );
    process.exit(1);
  }
}

once(
  join(modules, '.weir-installed'),
  digest([join(root, 'package-lock.json')]),
  'installing packages (npm ci)',
  () => must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
);

if (process.argv.includes('--pages')) {
  const node = join(modules, '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const lock = join(root, 'package-lock.json');
  const runtime = existsSync(node) ? node : process.execPath;
  once(join(root, 'web/dist/.built'), digest([join(root, 'web'), lock]), 'building the console', () =>
    must(runtime, [join(modules, 'vite/bin/vite.js'), 'build', 'web', '--logLevel', 'warn']),
  );
  once(join(root, 'tracker/dist/.built'), digest([join(root, 'tracker'), lock]), 'building the tracker', () =>
    must(runtime, [join(root, 'scripts/build-tracker.mjs')]),
  );
}

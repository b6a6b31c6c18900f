import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SETTINGS } from '../src/config.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const inRoot = (pattern: string | string[]) =>
  globSync(pattern, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**', '**/*.d.ts'] }).sort();
const read = (file: string) => readFileSync(`${root}/${file}`, 'utf8');

describe('architecture', () => {
  test('the linter of the import rules saw every file of the server', () => {
    const binary = `${root}/node_modules/.bin/depcruise`;
    const args = [binary, '--config', '.dependency-cruiser.mjs', '--output-type', 'json', 'src'];
    const json = execFileSync(process.execPath, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
    const { modules } = JSON.parse(json) as { modules: { source: string; dependencies: unknown[] }[] };
    const seen = new Set(modules.map((module) => module.source));
    const unseen = inRoot('src/**/*.ts').filter((file) => !seen.has(file));
    assert.deepEqual(unseen, []);
    assert.ok(modules.some((module) => module.source === 'src/compose.ts' && module.dependencies.length > 5));
  });

  test('no source file is longer than 300 lines, no test longer than 600', () => {
    const long = inRoot([
      '{src,web/src,tracker/src,bench}/**/*.{ts,tsx}',
      'test/**/*.ts',
      'scripts/*.mjs',
    ]).filter((file) => read(file).split('\n').length - 1 > (/^test\/|\.test\.ts$/.test(file) ? 600 : 300));
    assert.deepEqual(long, []);
  });

  test('a source file can be named by its base name alone', () => {
    // A command of `weir` bears the name of what it calls.
    const names = inRoot('src/**/*.ts')
      .filter((file) => !file.startsWith('src/cli/'))
      .map((file) => basename(file))
      .filter((name) => name !== 'index.ts');
    assert.deepEqual(
      names.filter((name, at) => names.indexOf(name) !== at),
      [],
    );
  });

  test('every adapter of a port runs the contract of that port', () => {
    const missing = inRoot('src/ports/*.ts').flatMap((port) => {
      const name = basename(port, '.ts');
      const type = name.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
      const contract = `test/contracts/${name}.test.ts`;
      const own = existsSync(`${root}/${contract}`) ? read(contract) : '';
      const helpers = [...own.matchAll(/'\.\.\/(support\/[\w-]+\.ts)'/g)].map(([, file]) =>
        read(`test/${file}`),
      );
      const run = [own, ...helpers].join('\n');
      const adapters = inRoot('src/engines/*/*.ts').filter((file) =>
        new RegExp(`import [^;]*\\b${type}\\b[^;]*ports/${name}\\.ts'`).test(read(file)),
      );
      assert.ok(adapters.length > 0, `${port} has no adapter`);
      const engines = new Set(adapters.map((file) => file.split('/')[2]!));
      return [...engines]
        .filter((engine) => !run.includes(`engines/${engine}/`))
        .map((engine) => `${engine}: ${contract}`);
    });
    assert.deepEqual(missing, []);
  });

  test('only queries, engines, the database folder and the operator’s side write SQL', () => {
    const sql = /\b(insert into|delete from|update \w+ set|select .+ from)\b/s;
    const wrong = inRoot('src/{features,pipeline,http,kit,events,ports}/**/*.ts').filter((file) => {
      if (/\.queries\.ts$|\.test\.ts$/.test(file)) return false;
      return [...read(file).matchAll(/`[^`]*`|'[^'\n]*'/g)].some(([text]) => sql.test(text));
    });
    assert.deepEqual(wrong, []);
  });

  // The embedded server's child inherits the environment, cleared of what would steer it.
  test('only the configuration reads the environment', () => {
    const readers = inRoot('src/**/*.ts').filter((file) => /process\.env\b/.test(read(file)));
    assert.deepEqual(readers, ['src/config.ts', 'src/db/embedded/cluster.ts']);
  });

  test('.env.example names every setting, with its own words', () => {
    const wanted = Object.entries(SETTINGS).map(
      ([name, { doc, example }]) => `# ${doc}\n#${name}=${example}`,
    );
    const example = read('.env.example');
    assert.deepEqual(
      wanted.filter((block) => !example.includes(block)),
      [],
    );
  });

  test('the lock file names no host of a registry', () => {
    assert.doesNotMatch(read('package-lock.json'), /"resolved": "https?:/);
  });
});

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

test('the types of the console are what the routes say', () => {
  const cwd = fileURLToPath(new URL('..', import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, ['scripts/api-types.mjs', '--check'], {
    cwd,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

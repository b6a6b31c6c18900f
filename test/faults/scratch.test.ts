import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { addUser } from '../../src/db/embedded/users.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-scratch-'));
after(() => rmSync(folder, { recursive: true, force: true }));

describe('the scratch folder of drills', () => {
  test('a folder that holds anything, and that no drill made, is refused and left as it was', () => {
    const dir = join(folder, 'live');
    mkdirSync(join(dir, 'postgres'), { recursive: true });
    assert.throws(() => openScratch(dir), /not empty and was not made by a drill/);
    assert.equal(existsSync(join(dir, 'drill.lock')), false);
  });

  test('a folder of earlier drills serves again, and its runs stay', () => {
    const dir = join(folder, 'again');
    const first = openScratch(dir);
    const run = first.makeRun('kill-server');
    writeFileSync(join(run, 'history.ndjson'), '');
    first.close();
    const second = openScratch(dir);
    assert.notEqual(second.makeRun('kill-server'), run);
    second.close();
    assert.ok(existsSync(join(run, 'history.ndjson')));
  });

  test('two drills in one folder: the second is refused', () => {
    const dir = join(folder, 'two');
    const first = openScratch(dir);
    assert.throws(() => openScratch(dir), /Another drill works in/);
    first.close();
    assert.equal(existsSync(dir), false, 'nothing is left of a drill that left nothing to look at');
  });

  test('a folder in which a server of a killed drill still runs is refused, until that server is gone', () => {
    const dir = join(folder, 'orphan');
    const first = openScratch(dir);
    const users = join(first.makeRun('kill-server'), 'data', 'users');
    mkdirSync(users, { recursive: true });
    const user = addUser(users, 'serve');
    first.close();
    assert.throws(() => openScratch(dir), new RegExp(`process ${process.pid}\\) runs in`));
    rmSync(join(users, user));
    openScratch(dir).close();
  });
});

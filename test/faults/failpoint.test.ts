import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { FAILPOINTS, failpoint, parseFailpoint } from '../../src/kit/failpoint.ts';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

describe('failpoints', () => {
  test('every name of the catalogue stands at one step, and no other name does', () => {
    const sites = globSync('**/*.ts', { cwd: source, exclude: ['kit/failpoint.ts'] }).flatMap((file) =>
      [...readFileSync(`${source}${file}`, 'utf8').matchAll(/failpoint\?\.\('([^']*)'\)/g)].map(
        ([, name]) => name,
      ),
    );
    assert.deepEqual(sites.toSorted(), [...FAILPOINTS].toSorted());
  });

  test('none is armed unless the environment names one', () => {
    assert.equal(failpoint, undefined);
    assert.equal(loadConfig({}, 'no-such-file').failpoint, undefined);
  });

  test('a name may come with the hit at which it acts', () => {
    assert.deepEqual(parseFailpoint('log.in-flight'), { name: 'log.in-flight', nth: 1 });
    assert.deepEqual(parseFailpoint('log.in-flight:12'), { name: 'log.in-flight', nth: 12 });
  });

  test('an unknown one is among the problems of the configuration, with the names there are', () => {
    for (const FAILPOINT of ['log.somewhere', 'log.in-flight:0', 'log.in-flight:x']) {
      assert.throws(
        () => loadConfig({ FAILPOINT, PORT: 'no' }, 'no-such-file'),
        (error) =>
          error instanceof ConfigError &&
          /2 problem/.test(error.message) &&
          /FAILPOINT=.*must be name or name:nth.*log\.before-commit/.test(error.message),
      );
    }
  });

  /** Not a timed assertion: shows on demand what the doc comment says. */
  test('a step costs nothing while none is armed', {
    skip: process.env.MEASURE !== 'failpoint' && 'MEASURE=failpoint shows it',
  }, (t) => {
    const bare = (times: number) => {
      let sum = 0;
      for (let at = 0; at < times; at += 1) sum = (sum * 31 + at) | 0;
      return sum;
    };
    const hooked = (times: number) => {
      let sum = 0;
      for (let at = 0; at < times; at += 1) {
        failpoint?.('log.before-commit');
        sum = (sum * 31 + at) | 0;
      }
      return sum;
    };
    for (const loop of [bare, hooked, bare, hooked]) {
      const startedAt = performance.now();
      loop(100_000_000);
      t.diagnostic(`${loop.name}: ${((performance.now() - startedAt) / 100).toFixed(2)} ns a turn`);
    }
  });
});

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { openPool } from '../src/db/pool.ts';
import { EngineError } from '../src/kit/errors.ts';
import { openTestDatabase, type TestDatabase, testLog } from './support/database.ts';

describe('a connection that does not come within a second', () => {
  let database: TestDatabase;
  before(async () => {
    database = await openTestDatabase();
  });
  after(() => database?.close());

  const openSmall = (isPatient: () => boolean) =>
    openPool({
      url: database.url,
      max: 1,
      queryTimeoutMs: 20_000,
      namedStatements: true,
      applicationName: 'weir-test',
      log: testLog,
      isPatient,
    });

  /** Asks while the only connection is taken for longer than that. */
  async function askBeside(isPatient: () => boolean) {
    const pool = openSmall(isPatient);
    try {
      const taken = pool.query('select pg_sleep(1.5)');
      const answer = await pool.query<{ one: number }>('select 1 as one').then(
        (rows) => rows[0]!.one,
        (error: unknown) => error,
      );
      await taken;
      return answer;
    } finally {
      await pool.close();
    }
  }

  test('is an error that says to try again: somebody waits for an answer', async () => {
    const answer = await askBeside(() => false);
    assert.ok(answer instanceof EngineError);
    assert.deepEqual(
      { operation: answer.operation, retryable: answer.retryable, mayHaveHappened: answer.mayHaveHappened },
      { operation: 'connect', retryable: true, mayHaveHappened: false },
    );
  });

  test('is an error at once where the pool is closed, whoever is patient', async () => {
    let asked = 0;
    const pool = openSmall(() => {
      asked += 1;
      return true;
    });
    await pool.close();
    await assert.rejects(pool.query('select 1'), EngineError);
    assert.equal(asked, 0);
  });

  test('is asked for again while a process starts', async () => {
    assert.equal(await askBeside(() => true), 1);
  });
});

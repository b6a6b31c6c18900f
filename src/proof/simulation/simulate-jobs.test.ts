import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simulateJobs } from './simulate-jobs.ts';
import { JOB_FAULTS, type JobFault } from './simulated-jobs.ts';

const SEEDS = 60;
const FOUND_WITHIN = 100;
const first = 1 + Math.floor(Math.random() * 2 ** 30);

describe('simulation of jobs', () => {
  test(`each is done, or parked with its tries, in the runs of known and of new seeds (from ${first})`, async (t) => {
    let tries = 0;
    let jobs = 0;
    let parked = 0;
    for (let at = 0; at < SEEDS; at += 1) {
      const seed = at % 2 === 0 ? 1 + at : first + at;
      const run = await simulateJobs(seed);
      assert.deepEqual(run.violations, [], `seed ${seed}`);
      tries += run.tries;
      jobs += run.jobs;
      parked += run.parked;
    }
    t.diagnostic(`${jobs} jobs, ${tries} tries, ${parked} parked`);
    // Otherwise there was no trouble, and nothing is proven.
    assert.ok(tries > jobs * 1.2 && parked > 0);
  });

  test('a seed gives the same run again', async () => {
    assert.deepEqual(await simulateJobs(7), await simulateJobs(7));
  });

  for (const [fault, mistake] of Object.entries(JOB_FAULTS))
    test(`finds it where ${mistake}`, async (t) => {
      let seed = 1;
      while (seed < FOUND_WITHIN && (await simulateJobs(seed, fault as JobFault)).violations.length === 0)
        seed += 1;
      assert.ok(seed < FOUND_WITHIN);
      t.diagnostic(`found by seed ${seed}`);
    });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LentEngines } from '../../src/proof/drill/lent-engines.ts';
import { findObstacle, runScenario } from '../../src/proof/drill/run-scenario.ts';
import type { Scenario, ScenarioOptions } from '../../src/proof/drill/scenario.ts';
import { openScratch } from '../../src/proof/drill/scratch.ts';

/** FAULTS=ci, as `.ci/run` sets it: as many kills as a change must stand; else the short form that `npm test` has time for. */
const faultsInFull = process.env.FAULTS === 'ci';

/** Three brokers where there are three. */
const brokers = process.env.TEST_KAFKA_CLUSTER_BROKERS ?? process.env.TEST_KAFKA_BROKERS;
const testEngines: LentEngines = {
  control: process.env.TEST_ENGINES,
  kafka: brokers?.split(',') ?? [],
  mongodb: process.env.TEST_MONGODB_URL,
};

const VARIABLES = 'TEST_KAFKA_BROKERS or TEST_KAFKA_CLUSTER_BROKERS, TEST_MONGODB_URL, TEST_ENGINES';

type Sizes = Pick<ScenarioOptions, 'kills' | 'rounds' | 'rate' | 'seconds'>;

/** With REQUIRE_ENGINES, one that lacks anything is not skipped, and fails. */
function findSkip(scenario: Scenario): false | string {
  const obstacle = findObstacle(scenario, testEngines);
  if (obstacle === undefined || process.env.REQUIRE_ENGINES) return false;
  return scenario.engines ? `${obstacle} (${VARIABLES})` : obstacle;
}

/** One scenario of the drill as a test. FAULT_SEED repeats the choices of an earlier run. */
export function testScenario(scenario: Scenario, sizes: { short: Sizes; ci: Sizes }): void {
  const seed = Number(process.env.FAULT_SEED ?? Math.floor(Math.random() * 1_000_000) + 1);
  test(`${scenario.title}: nothing is lost or counted twice (seed ${seed})`, {
    skip: findSkip(scenario),
  }, async (t) => {
    const scratch = openScratch(undefined);
    try {
      const report = await runScenario(scenario, {
        ...(faultsInFull ? sizes.ci : sizes.short),
        scratch,
        engines: testEngines,
        seed,
        keep: false,
        signal: t.signal,
        onProgress: () => undefined,
      });
      t.diagnostic(JSON.stringify({ seed, ...report.figures, notes: report.notes }));
      const { lost, dup, mismatch, findings, violations } = report;
      if (report.kept) t.diagnostic(`kept: ${report.dir}`);
      assert.deepEqual(
        { lost, dup, mismatch, findings, violations },
        { lost: 0, dup: 0, mismatch: 0, findings: [], violations: [] },
      );
    } finally {
      scratch.close();
    }
  });
}

import { rmSync } from 'node:fs';
import { type DrillEngines, type LentEngines, openLentEngines, whyNoEngines } from './lent-engines.ts';
import { runInOwnMounts } from './own-mounts.ts';
import { openRig, type Rig } from './rig.ts';
import type { DrillReport, Scenario, ScenarioOptions, ScenarioReport } from './scenario.ts';
import type { Scratch } from './scratch.ts';

interface RunOptions extends SeededOptions {
  readonly scratch: Scratch;
  readonly engines: LentEngines;
  /** Keeps the folder of a run that passed. */
  readonly keep: boolean;
}

interface SeededOptions extends ScenarioOptions {
  /** The same seed gives the same choices and pauses; what the machine does between them is its own. */
  readonly seed: number;
}

/** Why a scenario cannot run here with these engines; undefined where it can. */
export function findObstacle(scenario: Scenario, lent: LentEngines): string | undefined {
  return (scenario.engines && whyNoEngines(scenario.engines, lent)) ?? scenario.findObstacle?.();
}

/** Runs one scenario in a new folder and judges it. A run that did not pass keeps its folder. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<DrillReport> {
  const { scratch, keep, engines: lent, ...run } = options;
  const engines = scenario.engines && openLentEngines(scenario.engines, lent);
  const dir = scratch.makeRun(scenario.name);
  const report = scenario.ownMounts
    ? await runInOwnMounts(dir, scenario.name, run)
    : await runScenarioIn(dir, scenario, run, engines);
  const kept = keep || !report.passed;
  if (!kept) {
    rmSync(dir, { recursive: true, force: true });
    await engines?.drop();
  }
  return { ...report, kept };
}

/** Runs a scenario in this process and this empty folder, which stays. */
export async function runScenarioIn(
  dir: string,
  scenario: Scenario,
  options: SeededOptions,
  engines?: DrillEngines,
): Promise<DrillReport> {
  const { seed, signal } = options;
  const rig = await openRig({ dir, seed, engines });
  try {
    const report = await attempt(rig, scenario, options);
    const { events, unknown, lost, dup, mismatch, findings } = await rig.judge();
    const passed = report.violations.length === 0 && lost + dup + mismatch === 0;
    const { name } = scenario;
    const { historyFile: history } = rig;
    const outcome = {
      passed,
      kept: true,
      interrupted: signal.aborted,
      events,
      unknown,
      lost,
      dup,
      mismatch,
      findings,
    };
    return { ...report, name, seed, dir, history, ...outcome };
  } finally {
    await rig.close();
  }
}

/** A scenario that cannot go on is judged all the same: what was acknowledged until then must be there. */
async function attempt(rig: Rig, scenario: Scenario, options: ScenarioOptions): Promise<ScenarioReport> {
  try {
    return await scenario.run(rig, options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    await rig.stopLoads();
    return { violations: [`it could not go on: ${why}`], figures: {}, notes: [] };
  }
}

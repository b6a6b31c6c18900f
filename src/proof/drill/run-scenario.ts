import { rmSync } from 'node:fs';
import { openRig, type Rig } from './rig.ts';
import type { Scenario, ScenarioOptions, ScenarioReport } from './scenario.ts';
import type { Scratch } from './scratch.ts';

export interface DrillReport extends ScenarioReport {
  readonly name: string;
  readonly seed: number;
  /** Where data directory, server.log and history lie. */
  readonly dir: string;
  readonly history: string;
  readonly passed: boolean;
  /** Whether they are still there. */
  readonly kept: boolean;
  /** Whether it was stopped before its last kill. */
  readonly interrupted: boolean;
  readonly events: number;
  readonly unknown: number;
  readonly lost: number;
  readonly dup: number;
  readonly mismatch: number;
  /** The first of what is lost, double or else, in words. */
  readonly findings: readonly string[];
}

interface RunOptions extends ScenarioOptions {
  readonly scratch: Scratch;
  /** The same seed gives the same choices and pauses; what the machine does between them is its own. */
  readonly seed: number;
  /** Keeps the folder of a run that passed. */
  readonly keep: boolean;
}

/** Runs one scenario in a new folder and judges it. A run that did not pass keeps its folder. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<DrillReport> {
  const { seed, signal } = options;
  const dir = options.scratch.makeRun(scenario.name);
  const rig = await openRig({ dir, seed });
  try {
    const report = await attempt(rig, scenario, options);
    const judged = await rig.judge();
    const { events, unknown, lost, dup, mismatch, findings } = judged;
    const passed = report.violations.length === 0 && lost + dup + mismatch === 0;
    const { name } = scenario;
    const { historyFile: history } = rig;
    await rig.close();
    const kept = options.keep || !passed;
    if (!kept) rmSync(dir, { recursive: true, force: true });
    const outcome = {
      passed,
      kept,
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

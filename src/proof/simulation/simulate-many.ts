import { setImmediate as turn } from 'node:timers/promises';
import type { PlantedFault } from './planted-faults.ts';
import { type SimulationResult, simulateSeed } from './simulate-seed.ts';

interface SimulateManyOptions {
  readonly from: number;
  readonly seeds: number;
  readonly planted?: PlantedFault | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, failed: number) => void;
}

export interface SimulationReport {
  readonly from: number;
  /** Runs that came to their end. */
  readonly seeds: number;
  /** Events in the logs of all runs. */
  readonly events: number;
  readonly outcomes: SimulationResult['outcomes'];
  readonly simulated_hours: number;
  readonly seconds: number;
  readonly seeds_per_minute: number;
  readonly failed: readonly Pick<SimulationResult, 'seed' | 'violations'>[];
}

/** One seed after the other, on one core; an abort ends it after the seed under way. */
export async function simulateSeeds(options: SimulateManyOptions): Promise<SimulationReport> {
  const startedAt = performance.now();
  const outcomes = { ok: 0, fail: 0, unknown: 0 };
  const failed: Pick<SimulationResult, 'seed' | 'violations'>[] = [];
  let seeds = 0;
  let events = 0;
  let simulatedMs = 0;
  for (; seeds < options.seeds && !options.signal.aborted; seeds += 1) {
    const run = await simulateSeed(options.from + seeds, { planted: options.planted });
    events += run.events;
    simulatedMs += run.simulated_ms;
    for (const known of ['ok', 'fail', 'unknown'] as const) outcomes[known] += run.outcomes[known];
    if (run.violations.length > 0) failed.push({ seed: run.seed, violations: run.violations });
    options.onProgress(seeds + 1, failed.length);
    // A run never lets the event loop turn; signals and the terminal want it.
    await turn();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return {
    from: options.from,
    seeds,
    events,
    outcomes,
    simulated_hours: Math.round(simulatedMs / 36_000) / 100,
    seconds: Math.round(seconds * 100) / 100,
    seeds_per_minute: Math.round((seeds * 60) / seconds),
    failed,
  };
}

import { randomInt } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { PLANTED_FAULTS, type PlantedFault } from '../proof/simulation/planted-faults.ts';
import { type JobsRun, simulateJobs } from '../proof/simulation/simulate-jobs.ts';
import { type SimulationReport, simulateSeeds } from '../proof/simulation/simulate-many.ts';
import { simulateSeed } from '../proof/simulation/simulate-seed.ts';
import { createBar, interruptible, print } from './output.ts';

const LARGEST_SEED = 2 ** 32 - 1;
const SHOWN = 10;

interface Options {
  readonly seeds: number;
  readonly from?: number;
  readonly seed?: number;
  readonly plant?: PlantedFault;
  readonly trace?: boolean;
  readonly jobs?: boolean;
  readonly json?: boolean;
}

export function addSimulate(program: Command): void {
  program
    .command('simulate')
    .description(
      'run delivery and counting on a simulated clock, database and network, under trouble drawn from a seed. Exit code 1 where an event is lost, doubled or miscounted',
    )
    .option('--seeds <n>', 'how many runs', parseCount, 10_000)
    .option('--from <n>', 'the first seed; without one, a random one', parseCount)
    .option('--seed <n>', 'this one run only', parseCount)
    .option('--trace', 'with --seed: print what happened, line by line')
    .addOption(
      new Option('--plant <fault>', 'plant a mistake and see that it is found').choices(
        Object.keys(PLANTED_FAULTS),
      ),
    )
    .option('--jobs', 'the jobs that writes make due, instead of delivery and counting')
    .option('--json', 'print one JSON object')
    .action((options: Options) => {
      if (options.jobs) return runJobs(options);
      return options.seed === undefined ? runMany(options) : runOne(options, options.seed);
    });
}

async function runOne(options: Options, seed: number): Promise<void> {
  const run = await simulateSeed(seed, { planted: options.plant, trace: options.trace });
  const { ok, fail, unknown } = run.outcomes;
  print(options.json ?? false, run, [
    ...run.trace,
    `seed ${seed}: ${run.events} events kept in ${(run.simulated_ms / 1_000).toFixed(1)} simulated seconds; to their senders ${ok} ok, ${fail} fail, ${unknown} unknown`,
    ...run.violations.map((violation) => `  ${violation}`),
    `${run.violations.length} violation(s)`,
  ]);
  if (run.violations.length > 0) process.exitCode = 1;
}

async function runJobs(options: Options): Promise<void> {
  const from = options.seed ?? options.from ?? randomInt(1, LARGEST_SEED - options.seeds);
  const seeds = options.seed === undefined ? options.seeds : 1;
  const signal = interruptible();
  const bar = createBar('simulate jobs');
  const failed: JobsRun[] = [];
  let done = 0;
  for (; done < seeds && !signal.aborted; done += 1) {
    const run = await simulateJobs(from + done);
    if (run.violations.length > 0) failed.push(run);
    bar.update(done + 1, seeds, `${done + 1} of ${seeds} seeds, ${failed.length} failed`);
    // A run never lets the event loop turn; signals and the terminal want it.
    await turn();
  }
  bar.stop();
  print(options.json ?? false, { from, seeds: done, failed }, [
    `${done} seeds of jobs from ${from}`,
    ...failed.slice(0, SHOWN).map(({ seed, violations }) => `seed ${seed}: ${violations[0]}`),
    `${failed.length} seed(s) failed`,
  ]);
  if (failed.length > 0) process.exitCode = 1;
}

async function runMany(options: Options): Promise<void> {
  const from = options.from ?? randomInt(1, LARGEST_SEED - options.seeds);
  const signal = interruptible();
  const bar = createBar('simulate');
  const report = await simulateSeeds({
    from,
    seeds: options.seeds,
    planted: options.plant,
    signal,
    onProgress: (done, failed) =>
      bar.update(done, options.seeds, `${done} of ${options.seeds} seeds, ${failed} failed`),
  });
  bar.stop();
  print(options.json ?? false, report, describe(report, options.plant));
  if (report.failed.length > 0) process.exitCode = 1;
  else if (signal.aborted) process.exitCode = 130;
}

function describe(report: SimulationReport, plant: PlantedFault | undefined): string[] {
  const { ok, fail, unknown } = report.outcomes;
  const planted = plant === undefined ? '' : ` --plant ${plant}`;
  return [
    `seeds ${report.from} to ${report.from + report.seeds - 1} in ${report.seconds} s: ${report.seeds_per_minute} a minute`,
    `${report.events} events kept in ${report.simulated_hours} simulated hours; to their senders ${ok} ok, ${fail} fail, ${unknown} unknown`,
    ...report.failed
      .slice(0, SHOWN)
      .flatMap(({ seed, violations }) => [
        `seed ${seed}: ${violations[0]}`,
        `  see it again: weir simulate --seed ${seed} --trace${planted}`,
      ]),
    `${report.failed.length} seed(s) failed`,
  ];
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > LARGEST_SEED)
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${LARGEST_SEED}.`);
  return count;
}

import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import type { LentEngines } from '../proof/drill/lent-engines.ts';
import { findObstacle, runScenario } from '../proof/drill/run-scenario.ts';
import type { DrillReport, Scenario } from '../proof/drill/scenario.ts';
import { SCENARIOS } from '../proof/drill/scenarios.ts';
import { openScratch, type Scratch } from '../proof/drill/scratch.ts';
import { createBar, interruptible, print } from './output.ts';

interface Options {
  readonly kills?: number;
  readonly rounds?: number;
  readonly seed?: number;
  readonly dir?: string;
  readonly rate?: number;
  readonly seconds?: number;
  readonly minutes?: number;
  readonly engines?: string;
  readonly kafka?: readonly string[];
  readonly mongodb?: string;
  readonly keep?: boolean;
  readonly json?: boolean;
  readonly list?: boolean;
}

interface Skipped {
  readonly name: string;
  readonly reason: string;
}

const MOST = 1_000_000;
const MOST_SEED = 2 ** 31;

export function addDrill(program: Command): void {
  program
    .command('drill')
    .argument('[names...]', `some of ${SCENARIOS.map((one) => one.name).join(', ')}`, addScenario, [])
    .description(
      'break servers of its own under load, and prove that nothing was lost or counted twice; all scenarios, or those named. Exit code 1 on any violation',
    )
    .option('--kills <n>', 'kills of a scenario that kills', parseCount(MOST))
    .option('--rounds <n>', 'rounds of a scenario that goes through a list', parseCount(MOST))
    .option('--seed <n>', 'repeats the choices of an earlier drill', parseCount(MOST_SEED))
    .option('--dir <path>', 'an empty folder to work in, or one of earlier drills; else a temporary one')
    .option('--rate <n>', 'events a second', parseCount(MOST))
    .option('--seconds <n>', 'how long each part of a scenario that goes by time lasts', parseCount(MOST))
    .option('--minutes <n>', 'the same in minutes, for a soak of hours', parseCount(MOST))
    .option('--kafka <brokers>', 'brokers to kill and to freeze, host:port,… of each', parseList)
    .option('--mongodb <url>', 'a MongoDB to kill and to freeze, without a database')
    .option(
      '--engines <program>',
      'called with kill, start, freeze or thaw, and kafka or kafka-1 to kafka-n in the order of --kafka, or mongodb',
    )
    .option('--keep', 'keep data and history of scenarios that passed, too')
    .option('--json', 'print one JSON object')
    .option('--list', 'name the scenarios')
    .action(async (named: Scenario[], options: Options) => {
      const scenarios = named.length === 0 ? SCENARIOS : named;
      if (options.list) return list(scenarios, options.json ?? false);
      const seed = options.seed ?? randomInt(1, MOST_SEED);
      const signal = interruptible();
      const scratch = openScratch(options.dir);
      const reports: DrillReport[] = [];
      const skipped: Skipped[] = [];
      try {
        for (const scenario of scenarios) {
          const reason = findObstacle(scenario, toLent(options));
          if (reason !== undefined) skipped.push({ name: scenario.name, reason });
          else if (!signal.aborted) reports.push(await drill(scenario, options, { seed, signal, scratch }));
        }
      } finally {
        scratch.close();
      }
      const passed = reports.every((report) => report.passed);
      print(options.json ?? false, { seed, dir: scratch.dir, passed, scenarios: reports, skipped }, [
        ...reports.flatMap(describe),
        ...skipped.map(({ name, reason }) => `${name}: skipped: ${reason}`),
      ]);
      // One that was asked for by name and cannot run has proven nothing.
      if (!passed || (named.length > 0 && skipped.length > 0)) process.exitCode = 1;
      else if (signal.aborted) process.exitCode = 130;
    });
}

async function drill(
  scenario: Scenario,
  options: Options,
  run: { seed: number; signal: AbortSignal; scratch: Scratch },
): Promise<DrillReport> {
  const bar = createBar(scenario.name);
  const { kills, rounds, rate, minutes } = options;
  const seconds = minutes === undefined ? options.seconds : minutes * 60;
  try {
    return await runScenario(scenario, {
      ...run,
      engines: toLent(options),
      kills,
      rounds,
      rate,
      seconds,
      keep: options.keep ?? false,
      onProgress: bar.update,
    });
  } finally {
    bar.stop();
  }
}

function toLent({ engines: control, kafka = [], mongodb }: Options): LentEngines {
  return { control, kafka, mongodb };
}

function describe(report: DrillReport): string[] {
  const { name, seed, events, unknown, lost, dup, mismatch, passed } = report;
  return [
    `${name}: ${passed ? 'passed' : 'FAILED'}${report.interrupted ? ' (interrupted)' : ''}; ${events} events, ${unknown} of unknown outcome`,
    ...Object.entries(report.figures).map(([key, value]) => `  ${key} ${JSON.stringify(value)}`),
    ...report.notes.map((note) => `  note: ${note}`),
    ...[...report.violations, ...report.findings].map((finding) => `  violation: ${finding}`),
    `  seed ${seed}; repeat it: npx weir drill ${name} --seed ${seed}`,
    `  history ${whereabouts(report)}`,
    `  lost=${lost} dup=${dup} mismatch=${mismatch}`,
  ];
}

function whereabouts({ kept, history, dir }: DrillReport): string {
  return kept
    ? `${history} (data directory and the server’s log beside it: ${dir})`
    : 'removed with its data directory, as nothing was found; --keep leaves both';
}

function list(scenarios: readonly Scenario[], json: boolean): void {
  const rows = scenarios.map(({ name, title }) => ({ name, title }));
  print(
    json,
    { scenarios: rows },
    rows.map(({ name, title }) => `${name.padEnd(24)}${title}`),
  );
}

function addScenario(name: string, before: Scenario[]): Scenario[] {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (!found) throw new InvalidArgumentError('There is no scenario of this name; --list shows them.');
  return [...before, found];
}

function parseList(text: string): readonly string[] {
  return text.split(',').map((one) => one.trim());
}

function parseCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return count;
  };
}

/** `npm run bench`: each figure beside a floor that the same machine gave in the same run. `--help` tells the options. */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createBar } from '../src/cli/output.ts';
import { createReport, describeReport, isFarBelow, type Report } from './bench-report.ts';
import type { Figure, Plan } from './figure.ts';
import { CHECKED, FIGURES } from './figures.ts';
import { createResources, type Resources } from './resources.ts';

const STORED = 10_000_000;
const PLANS = {
  full: { rounds: 5, seconds: 5, rows: STORED, importLines: 400_000, idleSeconds: 60 },
  quick: { rounds: 3, seconds: 3, rows: STORED, importLines: 200_000, idleSeconds: 60 },
  check: { rounds: 3, seconds: 2, rows: STORED, importLines: 100_000, idleSeconds: 10 },
} as const satisfies Record<string, Plan>;

interface Options {
  readonly only?: readonly Figure[];
  readonly quick?: boolean;
  readonly json?: string | true;
  readonly check?: boolean;
  readonly rows?: number;
  readonly kafka?: readonly string[];
  readonly mongodb?: string;
}

const program = new Command('npm run bench --')
  .description('Measures Weir beside floors of this machine. Nothing else should run meanwhile.')
  .option('--only <names>', `of ${FIGURES.map(({ name }) => name).join(', ')}`, parseNames)
  .option('--quick', 'fewer and shorter rounds')
  .option('--json [file]', 'write everything as JSON, to standard output instead of the table or to a file')
  .option('--check', `only ${CHECKED.join(', ')}, short; fails where one is far below its bar`)
  .addOption(
    new Option('--kafka <brokers>', 'host:port,… for `scaled`')
      .env('BENCH_KAFKA_BROKERS')
      .argParser(parseList),
  )
  .addOption(new Option('--mongodb <url>', 'without a database, for `mongodb`').env('BENCH_MONGODB_URL'))
  .addOption(new Option('--rows <n>', 'rows to store, to try a figure out').argParser(Number).hideHelp());
const options = program.parse().opts<Options>();
const plan = choosePlan(options);
const figures = options.only ?? FIGURES.filter(({ name }) => !options.check || CHECKED.includes(name));
const report = createReport(plan);
const lent = { kafka: options.kafka ?? [], mongodb: options.mongodb };
const resources = createResources(plan.rows);
const all = Object.values(resources);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void close(all).finally(() => process.exit(130)));
}
try {
  for (const [at, figure] of figures.entries()) {
    await measure(figure);
    const later = figures.slice(at + 1).flatMap(({ uses }) => uses);
    await close(Object.entries(resources).flatMap(([name, one]) => (isIn(later, name) ? [] : [one])));
    save(report);
  }
} finally {
  await close(all);
}
console.log(options.json === true ? JSON.stringify(report) : describeReport(report));
if (options.check) check(report);

async function measure({ name, run, whyNot }: Figure): Promise<void> {
  const reason = whyNot?.(lent);
  if (reason !== undefined) return void report.skipped.push({ figure: name, reason });
  const bar = createBar(name);
  const startedAt = performance.now();
  try {
    const rows = await run({ plan, resources, lent, progress: bar.update });
    report.rows.push(...rows.map((row) => ({ figure: name, ...row })));
  } catch (error) {
    // The others are still worth their time.
    const { message } = error as Error;
    report.failures.push({ figure: name, message });
    console.error(`${name} could not be measured:`, error);
  } finally {
    bar.stop();
    report.seconds[name] = Math.round((performance.now() - startedAt) / 1_000);
  }
}

function check({ rows, failures }: Report): void {
  const far = rows.filter(isFarBelow);
  for (const { title, value, bar } of far)
    console.error(`${title}: ${value.toFixed(2)} is far below its bar of ${bar!.value}`);
  if (far.length > 0 || failures.length > 0) process.exitCode = 1;
}

/** After each figure: what was measured outlives a run that is cut short. */
function save(known: Report): void {
  if (typeof options.json === 'string')
    writeFileSync(options.json, `${JSON.stringify(known, undefined, 2)}\n`);
}

async function close(some: readonly { readonly close: () => Promise<void> }[]): Promise<void> {
  for (const one of some) await one.close();
}

function isIn(names: readonly (keyof Resources)[], name: string): boolean {
  return names.some((one) => one === name);
}

function choosePlan({ quick, check: short, rows, only }: Options): Plan {
  const chosen = short && !only ? PLANS.check : quick ? PLANS.quick : PLANS.full;
  if (rows === undefined) return chosen;
  return {
    ...chosen,
    rows,
    seconds: 1,
    importLines: Math.min(chosen.importLines, rows / 10),
    idleSeconds: 2,
  };
}

function parseList(text: string): readonly string[] {
  return text.split(',').map((one) => one.trim());
}

function parseNames(text: string): Figure[] {
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.filter((name) => !FIGURES.some((figure) => figure.name === name));
  if (unknown.length > 0) throw new InvalidArgumentError(`There is no figure called ${unknown.join(', ')}.`);
  return FIGURES.filter(({ name }) => wanted.includes(name));
}

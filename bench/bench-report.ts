import { execFileSync } from 'node:child_process';
import { cpus, loadavg, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import Table from 'cli-table3';
import { locateBinaries } from '../src/db/embedded/binaries.ts';
import type { Plan, Row } from './figure.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What a run was and gave; `--json` writes it. */
export interface Report {
  readonly machine: string;
  readonly node: string;
  readonly postgres: string;
  /** `+` behind it: with changes that are in no commit. */
  readonly commit: string;
  readonly started_at: string;
  /** Processes that wanted the processor in the minute before the start. */
  readonly load_before: number;
  readonly plan: Plan;
  readonly rows: (Row & { readonly figure: string })[];
  readonly skipped: { readonly figure: string; readonly reason: string }[];
  readonly failures: { readonly figure: string; readonly message: string }[];
  /** Of each figure, what it had to prepare included. */
  readonly seconds: Record<string, number>;
}

export function createReport(plan: Plan): Report {
  const cores = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return {
    machine: `${cores.length} × ${cores[0]?.model.trim() ?? 'unknown'}, ${memory} GB, ${process.platform}-${process.arch}`,
    node: process.version,
    postgres: run(locateBinaries(undefined).postgres, '--version'),
    commit: `${run('git', 'rev-parse', '--short', 'HEAD')}${run('git', 'status', '--porcelain', '-uno') === '' ? '' : '+'}`,
    started_at: new Date().toISOString(),
    load_before: loadavg()[0] ?? 0,
    plan,
    rows: [],
    skipped: [],
    failures: [],
    seconds: {},
  };
}

/** Standard output of a program; empty where it is not there, such as git outside of a clone. */
function run(program: string, ...args: string[]): string {
  try {
    return execFileSync(program, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  } catch {
    return '';
  }
}

/** Negative: the bar is missed. As a share of the bar. */
export function margin({ bar, value }: Row): number {
  if (!bar) return 0;
  return bar.side === 'least' ? value / bar.value - 1 : 1 - value / bar.value;
}

/** Where a ratio to a floor is less than half, or more than twice, of what it has to be. */
export function isFarBelow({ bar, value, floor }: Row): boolean {
  if (!bar || floor === undefined) return false;
  return bar.side === 'least' ? value < bar.value / 2 : value > bar.value * 2;
}

export function describeReport(report: Report): string {
  const { machine, node, postgres, commit, plan, load_before, failures } = report;
  const table = new Table({
    // Plain text, for files and terminals alike.
    style: { head: [], border: [], compact: true },
    head: ['figure', 'unit', 'floor', 'Weir', 'ratio or value', 'of the rounds', 'bar', ''],
  });
  for (const row of report.rows) table.push(toCells(row));
  const took = Object.entries(report.seconds).map(([name, seconds]) => `${name} ${seconds} s`);
  return [
    `${machine}; ${postgres}, Node.js ${node}, commit ${commit}, load before ${load_before.toFixed(1)}`,
    `median of ${plan.rounds} rounds of ${plan.seconds} s`,
    table.toString(),
    ...report.rows.flatMap(({ title, notes }) => notes.map((note) => `${title}: ${note}`)),
    ...report.skipped.map(({ figure, reason }) => `skipped ${figure}: ${reason}`),
    ...failures.map(({ figure, message }) => `NOT MEASURED ${figure}: ${message}`),
    `took ${took.join(', ')}`,
  ].join('\n');
}

function toCells(row: Row): string[] {
  const { bar, floor, weir, value, spread } = row;
  const show = (one: number) => (floor === undefined ? toShort(one) : one.toFixed(2));
  const aim = bar?.aim === undefined ? '' : `, aim ${bar.aim}`;
  return [
    row.title,
    row.unit,
    floor === undefined ? '' : toShort(floor),
    toShort(weir),
    show(value),
    `${show(spread[0])} to ${show(spread[1])}`,
    bar ? `${bar.side === 'least' ? '≥' : '≤'} ${bar.value}${aim}` : 'shown',
    bar ? (margin(row) >= 0 ? 'met' : 'missed') : '',
  ];
}

/** Three digits that matter, or all before the point. */
function toShort(value: number): string {
  if (value >= 1_000) return Math.round(value).toLocaleString('en');
  return value.toPrecision(3);
}

/** `npm run bench:capacity`: what a load needs, by a model that is fed with costs of this machine. `--help` tells the options. */
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import Table from 'cli-table3';
import { Command } from 'commander';
import { type Check, measureCosts } from './capacity-costs.ts';
import { BUSY, type Costs, findShards, type Needs, plan } from './capacity-model.ts';

interface Options {
  readonly rate: string;
  readonly campaigns: string;
  readonly actors: string;
  readonly cores: string;
  readonly costs?: string;
  readonly json?: string;
}

interface Measured {
  readonly costs: Costs;
  readonly checks: readonly Check[];
}

const options = new Command('npm run bench:capacity --')
  .description(
    'Measures what an event costs on this machine, and computes what a load needs. Nothing else should run.',
  )
  .option('--rate <list>', 'events a second, several by commas', '1000,10000,100000,1000000')
  .option('--campaigns <n>', 'campaigns that are live', '10000')
  .option('--actors <n>', 'visitors within a quarter of an hour', '1000000')
  .option('--cores <n>', 'cores of a machine', String(availableParallelism()))
  .option('--costs <file>', 'costs of an earlier run (--json) instead of measuring them')
  .option('--json <file>', 'writes costs and checks there')
  .parse()
  .opts<Options>();

const measured: Measured = options.costs
  ? (JSON.parse(readFileSync(options.costs, 'utf8')) as Measured)
  : await measureCosts((text) => console.error(`measuring: ${text}`));
if (options.json) writeFileSync(options.json, `${JSON.stringify(measured, undefined, 2)}\n`);

const { costs, checks } = measured;
const [campaigns, actors, cores] = [Number(options.campaigns), Number(options.actors), Number(options.cores)];
const loads = options.rate.split(',').map((rate) => ({ rate: Number(rate), campaigns, actors }));

console.log(describeCosts(costs));
console.log(describeChecks(checks));
console.log(
  `\n${campaigns} campaigns, ${actors} visitors within a quarter of an hour, each server busy ${BUSY * 100} % at most`,
);
console.log(describeNeeds(loads.map((load) => plan(costs, load, findShards(costs, load)))));
const largest = loads.reduce((most, load) => (load.rate > most.rate ? load : most));
console.log(`\ncounters of ${largest.rate} events/s sharded by campaign`);
console.log(describeShards([1, 2, 4, 8, 16, 32, 64].map((shards) => plan(costs, largest, shards))));

function describeCosts(of: Costs): string {
  const row = ({ batch, event, counterRow, actorRow }: Costs['counting']) =>
    `${show(batch)} a batch, ${show(event)} an event, ${show(counterRow)} a counter row, ${show(actorRow)} an actor row`;
  return [
    `API process                ${show(of.apiMicros)} µs a single event`,
    `PostgreSQL, keeping        ${show(of.logMicros)} µs an event, ${show(of.logBytes)} bytes of WAL`,
    `PostgreSQL, counting, µs   ${row(of.counting)}`,
    `PostgreSQL, counting, WAL  ${row(of.countBytes)}`,
  ].join('\n');
}

function describeChecks(all: readonly Check[]): string {
  const table = newTable(['check of the model', 'unit', 'predicted', 'measured', 'error']);
  for (const { what, unit, predicted, measured: found } of all)
    table.push([what, unit, show(predicted), show(found), `${((predicted / found - 1) * 100).toFixed(0)} %`]);
  return table.toString();
}

function describeNeeds(all: readonly Needs[]): string {
  const head = [
    'events/s',
    'API processes',
    'wait there, p99',
    'databases',
    'counting busy',
    'cores of PostgreSQL',
    'machines',
  ];
  const table = newTable(head);
  for (const needs of all) {
    const database = needs.logCores + (needs.shards * needs.countingBusy) / BUSY;
    const machines = Math.ceil((needs.api + database) / cores);
    const wait = `${(needs.apiP99 * 1_000).toFixed(2)} ms`;
    const busy = `${(needs.countingBusy * 100).toFixed(0)} %`;
    table.push([
      needs.load.rate,
      needs.api,
      wait,
      needs.shards,
      busy,
      database.toFixed(1),
      `${machines} of ${cores} cores`,
    ]);
  }
  return table.toString();
}

/** The bar is how busy the one counting of a shard is; beyond its end it never catches up. */
function describeShards(all: readonly Needs[]): string {
  const table = newTable([
    'databases',
    'µs an event',
    'counter rows/s each',
    'actor rows/s each',
    'WAL MB/s each',
    'counting busy',
  ]);
  for (const needs of all) {
    const share = needs.countingBusy;
    const bar = '█'.repeat(Math.max(1, Math.min(20, Math.round(share * 20))));
    table.push([
      needs.shards,
      show(needs.countingMicros),
      show(needs.counterRows),
      show(needs.actorRows),
      show(needs.walMegabytes),
      `${bar}${share > 1 ? '▶' : ''} ${(share * 100).toFixed(0)} %`,
    ]);
  }
  return table.toString();
}

function newTable(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

function show(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

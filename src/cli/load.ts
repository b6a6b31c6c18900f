import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { loadConfig } from '../config.ts';
import { AppError } from '../kit/errors.ts';
import { sleep } from '../kit/wait.ts';
import type { LoadReport } from '../proof/load.ts';
import { runFleet } from '../proof/load-fleet.ts';
import { type Mix, parseMix } from '../proof/load-request.ts';
import { type Arrivals, parseRamp } from '../proof/load-schedule.ts';
import { createLoadView } from '../proof/load-view.ts';
import { checkHistory, type OracleReport } from '../proof/oracle.ts';
import { interruptible, print } from './output.ts';
import { settle, withEngines } from './with-engines.ts';

// Visitors enough that nobody's rate makes the default run invalid traffic.
const VISITORS = 1_000;
// No request of the server takes longer; what a lost answer stood for is in the log by then, or never.
const SERVER_DEADLINE_MS = 2_500;

interface Options {
  readonly campaigns: readonly number[];
  readonly url?: string;
  readonly rate: number;
  readonly seconds: number;
  readonly ramp?: ReturnType<typeof parseRamp>;
  readonly arrivals: Arrivals;
  readonly mix?: Mix;
  readonly batch: number;
  readonly visitors?: number;
  readonly processes: number;
  readonly sockets: number;
  readonly history: string;
  readonly token?: string;
  readonly seed?: number;
  readonly check?: boolean;
  readonly json?: boolean;
}

export function addLoad(program: Command): void {
  program
    .command('load')
    .description(
      'open-loop load on the running server; its history says what must be counted. Exit code 1 where --check finds otherwise',
    )
    .requiredOption(
      '--campaigns <ids>',
      'whole numbers, separated by commas; nobody else may use them',
      parseIds,
    )
    .option('--url <url>', 'of the server; by default HOST and PORT of the configuration', parseUrl)
    .option('--rate <n>', 'events a second, whatever the server does', parseCount(200_000), 500)
    .option('--seconds <n>', 'for how long', parseCount(86_400), 10)
    .option(
      '--ramp <from..to>',
      'instead of --rate: a straight line; from..to:n for n steps',
      asArgument(parseRamp),
    )
    .addOption(
      new Option('--arrivals <how>', 'poisson: as independent visitors come; even: one every 1/rate s')
        .choices(['poisson', 'even'])
        .default('poisson'),
    )
    .option(
      '--mix <shares>',
      'of requests to event, view, click, batch, pixel: event=80,view=20',
      asArgument(parseMix),
    )
    .option('--batch <n>', 'events of a batch request', parseCount(500), 50)
    .option(
      '--visitors <n>',
      `told apart by User-Agent; with an admin's --token named (default: ${VISITORS}, or the token's member)`,
      parseCount(131_072),
    )
    .option('--processes <n>', 'generators that share the rate', parseCount(64), 1)
    .option('--sockets <n>', 'connections of each process, at most', parseCount(10_000), 256)
    .option('--history <file>', 'where to write what the client knows (NDJSON)', 'load-history.ndjson')
    .option('--token <access>', 'an access token; without one the events are visitors’')
    .option('--seed <n>', 'decides instants, routes, campaigns and visitors', parseCount(2 ** 31))
    .option('--check', 'afterwards compare the history with raw events and counters')
    .option('--json', 'print one JSON object')
    .action(load);
}

async function load(options: Options): Promise<void> {
  const url = options.url ?? localUrl();
  const seed = options.seed ?? randomInt(1, 2 ** 31);
  const { history, json = false } = options;
  await requireTarget(url, options);
  const report = await sendLoad(options, url, seed);
  const check = options.check ? await compare(history, report) : undefined;
  print(json, { seed, history, ...report, ...(check && { check }) }, [
    `seed ${seed}, history ${history}`,
    ...describeReport(report),
    ...(check ? describeCheck(check) : []),
  ]);
  if (check && check.lost + check.dup + check.mismatch > 0) process.exitCode = 1;
}

function sendLoad(options: Options, url: string, seed: number): Promise<LoadReport> {
  const { ramp, token } = options;
  const view = createLoadView(process.stderr, `weir load ${url}  seed ${seed}`);
  return runFleet({
    url,
    seed,
    token,
    campaigns: options.campaigns,
    rate: options.rate,
    seconds: options.seconds,
    profile: ramp?.(options.seconds),
    arrivals: options.arrivals,
    mix: options.mix,
    batch: options.batch,
    visitors: options.visitors ?? (token === undefined ? VISITORS : 1),
    processes: options.processes,
    sockets: options.sockets,
    history: options.history,
    signal: interruptible(),
    timeoutMs: 10_000,
    giveUpMs: 60_000,
    onProgress: view.show,
  });
}

/** Says at once what would otherwise be the answer to every event. */
async function requireTarget(url: string, { token, visitors = 1 }: Options): Promise<void> {
  const live = await fetch(`${url}/health/live`).then(
    (answer) => answer.ok,
    () => false,
  );
  if (!live)
    throw new AppError('unavailable', `No Weir answers at ${url}. Start it first, or give another --url.`);
  if (token === undefined || visitors === 1) return;
  const answer = await fetch(`${url}/api/users/me`, { headers: { authorization: `Bearer ${token}` } });
  const { roles } = (await answer.json()) as { roles?: unknown };
  if (!Array.isArray(roles) || !roles.includes('admin'))
    throw new AppError(
      'not_allowed',
      'Only an admin may name visitors, and this --token is no valid one of an admin. Give another, or leave out --visitors or --token.',
    );
}

function localUrl(): string {
  const { host, port } = loadConfig();
  const address =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${address}:${port}`;
}

async function compare(history: string, { unknown }: LoadReport): Promise<OracleReport> {
  if (unknown > 0) await sleep(SERVER_DEADLINE_MS);
  return withEngines({ migrates: false }, async (engines) => {
    await settle(engines);
    return checkHistory(engines.db, history);
  });
}

function describeReport(report: LoadReport): string[] {
  const { events, seconds, ok, fail, unknown, dropped, tries } = report;
  return [
    `${events} events in ${seconds} s: ${ok} ok, ${fail} fail, ${unknown} unknown; ${tries} tries`,
    `${report.asked_rate} asked a second, ${report.rate} acknowledged`,
    `latency ms: ${describeSummary(report.latency_ms)}`,
    `generator late ms: ${describeSummary(report.late_ms)}`,
    ...Object.entries(report.answers).map(([what, count]) => `  ${what}: ${count}`),
    ...(dropped > 0 ? [`${dropped} further events were not sent: too many were without an end already`] : []),
    ...(report.kept_pace
      ? []
      : [
          'THE GENERATOR DID NOT KEEP ITS RATE: these are its limits, not the server’s alone. Give it --processes, a lower rate, or another machine.',
        ]),
  ];
}

function describeSummary(summary: object): string {
  return Object.entries(summary)
    .map(([name, ms]) => `${name} ${ms}`)
    .join('  ');
}

function describeCheck(check: OracleReport): string[] {
  return [
    `lost=${check.lost} dup=${check.dup} mismatch=${check.mismatch}`,
    ...check.findings.map((finding) => `  ${finding}`),
  ];
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username)
    throw new InvalidArgumentError('It must be an address such as http://127.0.0.1:8000.');
  return url.href.replace(/\/+$/, '');
}

function parseIds(text: string): number[] {
  const ids = text.split(',').map(Number);
  if (!ids.every((id) => Number.isSafeInteger(id) && id > 0))
    throw new InvalidArgumentError('They must be whole numbers, for example 1,2,3.');
  return ids;
}

function parseCount(most: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < 1 || count > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return count;
  };
}

/** What a parser throws, told as the command line's fault. */
function asArgument<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
  };
}

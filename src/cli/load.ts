import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { loadConfig } from '../config.ts';
import { createHistory } from '../proof/history.ts';
import { type LoadReport, runLoad } from '../proof/load.ts';
import { checkHistory, type OracleReport } from '../proof/oracle.ts';
import { createRandom } from '../proof/random.ts';
import { createBar, interruptible, print } from './output.ts';
import { settle, withEngines } from './with-engines.ts';

interface Options {
  readonly rate: number;
  readonly seconds: number;
  readonly campaigns: readonly number[];
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
      'open-loop load on the running server, one event a request; its history says what must be counted. Exit code 1 where --check finds otherwise',
    )
    .requiredOption(
      '--campaigns <ids>',
      'whole numbers, separated by commas; nobody else may use them',
      parseIds,
    )
    .option('--rate <n>', 'events a second', parseCount(50_000), 500)
    .option('--seconds <n>', 'for how long', parseCount(86_400), 10)
    .option('--history <file>', 'where to write what the client knows (NDJSON)', 'load-history.ndjson')
    .option('--token <access>', 'an access token; without one the events are a visitor’s')
    .option('--seed <n>', 'which event goes to which campaign', parseCount(2 ** 31))
    .option('--check', 'afterwards compare the history with raw events and counters')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const { host, port } = loadConfig();
      const url = `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
      const seed = options.seed ?? randomInt(1, 2 ** 31);
      const load = await sendLoad(options, url, seed);
      const check = options.check ? await compare(options.history) : undefined;
      print(options.json ?? false, { seed, history: options.history, ...load, ...(check && { check }) }, [
        `seed ${seed}, history ${options.history}`,
        `${load.events} events in ${load.seconds} s: ${load.ok} ok, ${load.fail} fail, ${load.unknown} unknown; ${load.tries} tries, ${load.rate} acknowledged a second`,
        `latency ms: ${Object.entries(load.latency_ms)
          .map(([name, ms]) => `${name} ${ms}`)
          .join('  ')}`,
        ...Object.entries(load.answers).map(([what, count]) => `  ${what}: ${count}`),
        ...(check ? describe(check) : []),
      ]);
      if (check && check.lost + check.dup + check.mismatch > 0) process.exitCode = 1;
    });
}

async function sendLoad(options: Options, url: string, seed: number): Promise<LoadReport> {
  const history = createHistory(options.history);
  const bar = createBar('load');
  const report = await runLoad({
    ...options,
    url,
    token: options.token,
    history,
    random: createRandom(seed),
    signal: interruptible(),
    timeoutMs: 10_000,
    giveUpMs: 60_000,
    onProgress: ({ done, of, inFlight }) => bar.update(done, of, `${done} of ${of}, ${inFlight} under way`),
  });
  bar.stop();
  await history.close();
  return report;
}

function compare(history: string): Promise<OracleReport> {
  return withEngines({ migrates: false }, async (engines) => {
    await settle(engines);
    return checkHistory(engines.db, history);
  });
}

function describe(check: OracleReport): string[] {
  return [
    `lost=${check.lost} dup=${check.dup} mismatch=${check.mismatch}`,
    ...check.findings.map((finding) => `  ${finding}`),
  ];
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

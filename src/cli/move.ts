import type { Command } from 'commander';
import { isSamePlace, OWN, parseAddress } from '../assignment/engine-address.ts';
import type { Engines } from '../compose.ts';
import { AppError } from '../kit/errors.ts';
import {
  backLog,
  backRaw,
  finishLog,
  finishRaw,
  type LogMoveDeps,
  type MoveReport,
  moveLog,
  moveRaw,
  type RawMoveDeps,
} from '../pipeline/move/index.ts';
import type { Recorder } from '../raw-stores.ts';
import { type Bar, createBar, interruptible, print } from './output.ts';
import { withEngines } from './with-engines.ts';

interface Options {
  readonly to?: string;
  readonly back?: boolean;
  readonly finish?: boolean;
  readonly json?: boolean;
}

export function addMove(program: Command): void {
  const move = program
    .command('move')
    .description(
      'move a role to another engine while servers run; interrupted, run it again: it goes on where it was',
    );
  move
    .command('event-log')
    .description('without an option: go on with the move that is under way')
    .option(
      '--to <address>',
      'postgres, or kafka://host:9092,…/topic[?partitions=6&replication=3&tls=on&sasl=…]',
    )
    .option('--back', 'return to the log it came from')
    .option(
      '--finish',
      'the log it came from is not needed any more: once nothing can come out of it, leave it',
    )
    .option('--json', 'print one JSON object')
    .action((options: Options) => run(options, 'event-log', moveEventLog));
  move
    .command('raw-store')
    .description('without an option: go on with the move that is under way')
    .option('--to <address>', 'postgres, or mongodb://host:27017/database')
    .option('--back', 'return to the store it came from')
    .option('--finish', 'the store it came from is not filled any more')
    .option('--json', 'print one JSON object')
    .action((options: Options) => run(options, 'raw-store', moveRawStore));
}

type Work = (engines: Engines, options: Options, signal: AbortSignal) => Promise<MoveReport>;

async function run(options: Options, role: 'event-log' | 'raw-store', work: Work): Promise<void> {
  if ([options.to, options.back, options.finish].filter(Boolean).length > 1)
    throw new AppError('conflict', '--to, --back and --finish: one of them at a time.');
  const signal = interruptible();
  const report = await withEngines({}, (engines) => work(engines, options, signal));
  print(options.json ?? false, { role, ...report }, describe(role, report));
  if (!report.finished) process.exitCode = 130;
}

async function moveEventLog(engines: Engines, options: Options, signal: AbortSignal): Promise<MoveReport> {
  const bar = createBar('move');
  const deps = toLogDeps(engines, signal, bar);
  try {
    if (options.back) return await backLog(deps);
    if (options.finish) return await finishLog(deps);
    return await moveLog(deps, options.to && parseAddress(options.to, 'event-log'));
  } finally {
    bar.stop();
  }
}

function toLogDeps({ db, counting, placement }: Engines, signal: AbortSignal, bar: Bar): LogMoveDeps {
  let most = 1;
  let told = '';
  return {
    db,
    serving: placement.serving(),
    own: OWN,
    isSame: isSamePlace,
    open: async (address) => {
      const { log, kafka } = await placement.logs.open(address, 'takes', false);
      return kafka?.log ?? log;
    },
    startCounting: counting.start,
    readLag: async () => (await counting.readState()).lag_events,
    signal,
    onProgress: ({ state, lag, waiting }) => {
      most = Math.max(most, lag ?? 0);
      const left = lag === null ? 'a log does not answer' : `${lag} events to count`;
      const text = [state, left, ...waiting].join(', ');
      // Elsewhere than on a terminal each call is a line.
      if (text !== told) bar.update(most - (lag ?? most), most, text);
      told = text;
    },
  };
}

async function moveRawStore(engines: Engines, options: Options, signal: AbortSignal): Promise<MoveReport> {
  const bars = { fill: createBar('fill'), check: createBar('check') };
  const deps = toRawDeps(engines, signal, bars);
  try {
    if (options.back) return await backRaw(deps);
    if (options.finish) return await finishRaw(deps);
    return await moveRaw(deps, options.to && parseAddress(options.to, 'raw-store'));
  } finally {
    bars.fill.stop();
    bars.check.stop();
  }
}

function toRawDeps(
  { db, rawPlacement }: Engines,
  signal: AbortSignal,
  bars: Readonly<Record<'fill' | 'check', Bar>>,
): RawMoveDeps {
  const recorderAt = async (address: string): Promise<Recorder> => {
    const { recorder } = await rawPlacement.open(address);
    if (!recorder) throw new Error(`${address} needs no recorder`);
    return recorder;
  };
  return {
    db,
    serving: rawPlacement.serving(),
    own: OWN,
    isSame: isSamePlace,
    identify: rawPlacement.identify,
    startFilling: async (address) => (await recorderAt(address)).start(),
    readLag: async (address) => (await recorderAt(address)).readLag(),
    check: async (address, onProgress) => (await recorderAt(address)).check({ signal, onProgress }),
    signal,
    onProgress: (what, done, of, text) => bars[what].update(done, of, text),
  };
}

function describe(role: string, { source, target, state, finished }: MoveReport): string[] {
  const where = `${role}: ${source} → ${target}`;
  if (!finished) return [`${where}: interrupted while ${state}; npx weir move ${role} goes on`];
  if (role === 'raw-store' && state !== 'back')
    return [
      state === 'finished'
        ? `${where}: finished; the old one is not filled any more`
        : `${where}: done. It holds what the log has, and is read; the old one is still filled. Then: npx weir move raw-store --finish, or --back`,
    ];
  if (state === 'back') return [`${where}: given up; nothing was written there`];
  if (state === 'finished')
    return [
      `${where}: finished; ${source === OWN ? 'PostgreSQL’s own log stays counted' : `${source} is not read any more`}`,
    ];
  return [
    `${where}: done. What was in the old one is counted, and it is still read beside the new one.`,
    `Before it is shut down: npx weir move ${role} --finish. The way back: npx weir move ${role} --back`,
  ];
}

import type { Command } from 'commander';
import { AppError, EngineError } from '../kit/errors.ts';
import { isClean, isRawClean, type RawReport, type VerifyReport, verify } from '../pipeline/verify/index.ts';
import type { Recorder } from '../raw-stores.ts';
import { createBar, interruptible, print } from './output.ts';
import { verifySearchIndex } from './search.ts';
import { settle, withEngines } from './with-engines.ts';

interface Options {
  readonly from?: Date;
  readonly to?: Date;
  readonly repair?: boolean;
  readonly json?: boolean;
  readonly search?: boolean;
}

export function addVerify(program: Command): void {
  program
    .command('verify')
    .description('recompute every counter from raw events; exit code 1 where a number differs')
    .option('--from <instant>', 'RFC 3339', toDate)
    .option('--to <instant>', 'RFC 3339', toDate)
    .option(
      '--repair',
      'make counters that differ anew; raw rows that were altered are reported, never made official',
    )
    .option('--search', 'compare the search index with the posts instead; --repair indexes anew what differs')
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      if (options.search) {
        await verifySearchIndex({ repair: options.repair ?? false, json: options.json ?? false });
        return;
      }
      const signal = interruptible();
      const report = await withEngines({}, async (engines) => {
        await settle(engines);
        if (engines.recorder) await waitFor(engines.recorder);
        const bar = createBar('verify');
        const result = await verify(engines.db, {
          from: options.from,
          to: options.to,
          repair: options.repair ?? false,
          recorded: engines.recorder?.recorded,
          signal,
          onProgress: bar.update,
        });
        const raw = await engines.recorder?.check({ signal, onProgress: bar.update });
        bar.stop();
        return { ...result, ...(raw && { raw }) };
      });
      const { raw } = report;
      print(options.json ?? false, report, [...describe(report), ...(raw ? describeRaw(raw) : [])]);
      if (!report.finished || raw?.finished === false) process.exitCode = 130;
      else if (!isClean(report) || (raw && !isRawClean(raw))) process.exitCode = 1;
    });
}

function describe(report: VerifyReport): string[] {
  const { differences, storeDifferences, brokenSeals, brokenSealed, strays, ranges, days } = report;
  const day = (at: Date) => at.toISOString().slice(0, 16);
  return [
    ...differences.map((one) => `${toPlace(one)}: counted ${one.kept}, raw gives ${one.recounted}`),
    ...storeDifferences.map(
      (one) => `${toPlace(one)}: counted ${one.kept}, the raw store gives ${one.recounted}`,
    ),
    ...brokenSeals.map(
      (seal) =>
        `raw rows altered: lane ${seal.partition}, ${seal.after + 1} to ${seal.up_to}: ${seal.events} were counted, ${seal.found} are there`,
    ),
    ...brokenSealed.map(
      (one) => `sealed ${one.what} altered: ${day(one.first_at)} to ${day(one.last_at)} UTC`,
    ),
    ...(strays > 0 ? [`${strays} raw row(s) that no writer of the log has put there`] : []),
    ...ranges.map((range) => `${day(range.from)} to ${day(range.to)} UTC: ${BASIS[range.basis]}`),
    `${days} day(s), ${differences.length} difference(s), ${brokenSeals.length} altered batch(es)${describeRepair(report)}`,
  ];
}

function describeRepair({ repairedDays, fromStoreDays, heldDays }: VerifyReport): string {
  const source = fromStoreDays > 0 ? ` (${fromStoreDays} out of the raw store beside the log)` : '';
  return [
    ...(repairedDays > 0 ? [`, ${repairedDays} day(s) made anew${source}`] : []),
    ...(heldDays > 0
      ? [
          `, ${heldDays} day(s) left as they are: their raw events were altered, a recount of them would prove nothing`,
        ]
      : []),
  ].join('');
}

function toPlace({ table, subject_id, bucket_at, traffic }: VerifyReport['differences'][number]): string {
  return `${table} subject ${subject_id} ${bucket_at?.toISOString() ?? 'total'} traffic ${traffic ?? '-'}`;
}

/** Whoever asks for a proof shall not get half of one. */
async function waitFor(recorder: Recorder): Promise<void> {
  try {
    await recorder.untilDry();
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new AppError(
      'unavailable',
      `${error.message}. So the raw store cannot be held against the log. Run this again once it answers; without MONGODB_URL the numbers alone are verified.`,
      { cause: error },
    );
  }
}

/** The raw store beside the log. */
function describeRaw(raw: RawReport): string[] {
  return [
    ...raw.mismatches.map(({ eventId, problem }) =>
      problem === 'missing'
        ? `raw store: event ${eventId} is missing`
        : `raw store: event ${eventId} is not what the log has`,
    ),
    ...raw.addedRows.map(
      ({ subject_kind, subject_id, minute_at, logged, found }) =>
        `raw store: subject ${subject_kind}/${subject_id}, minute ${minute_at.toISOString().slice(0, 16)} UTC: the log has ${logged}, the store ${found}`,
    ),
    `raw store: ${raw.events} event(s) of the log, ${raw.missing} missing, ${raw.altered} altered, ${raw.added} added`,
  ];
}

const BASIS = {
  recomputed: 'recomputed from raw events',
  sealed: 'held against sealed sums; their raw events are past their days',
  both: 'recomputed from raw events, and from sealed sums of those past their days',
};

function toDate(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new Error(`${text} is no instant; write for example 2026-05-01T00:00:00+09:00`);
  return at;
}

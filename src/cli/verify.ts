import type { Command } from 'commander';
import { verify } from '../pipeline/verify/index.ts';
import { createBar, interruptible, print } from './output.ts';
import { settle, withEngines } from './with-engines.ts';

interface Options {
  readonly from?: Date;
  readonly to?: Date;
  readonly repair?: boolean;
  readonly json?: boolean;
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
    .option('--json', 'print one JSON object')
    .action(async (options: Options) => {
      const signal = interruptible();
      const report = await withEngines({}, async (engines) => {
        await settle(engines);
        const bar = createBar('verify');
        const result = await verify(engines.db, {
          from: options.from,
          to: options.to,
          repair: options.repair ?? false,
          signal,
          onProgress: bar.update,
        });
        bar.stop();
        return result;
      });
      const clean = report.differences.length === 0 && report.brokenSeals.length === 0;
      print(options.json ?? false, report, [
        ...report.differences.map(
          (one) =>
            `${one.table} subject ${one.subject_id} ${one.bucket_at?.toISOString() ?? 'total'} traffic ${one.traffic ?? '-'}: counted ${one.kept}, raw gives ${one.recounted}`,
        ),
        ...report.brokenSeals.map(
          (seal) =>
            `raw rows altered: lane ${seal.partition}, ${seal.after + 1} to ${seal.up_to}: ${seal.events} were counted, ${seal.found} are there`,
        ),
        `${report.days} day(s) recomputed, ${report.differences.length} difference(s), ${report.brokenSeals.length} altered batch(es)${report.repairedDays > 0 ? `, ${report.repairedDays} day(s) made anew` : ''}`,
      ]);
      if (!report.finished) process.exitCode = 130;
      else if (!clean) process.exitCode = 1;
    });
}

function toDate(text: string): Date {
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw new Error(`${text} is no instant; write for example 2026-05-01T00:00:00+09:00`);
  return at;
}

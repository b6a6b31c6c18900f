import type { Command } from 'commander';
import { listParked, replayParked } from '../pipeline/dead-letters/index.ts';
import { print } from './output.ts';
import { settle, withEngines } from './with-engines.ts';

export function addDlq(program: Command): void {
  const dlq = program.command('dlq').description('what could not be processed, with its reason');
  dlq
    .command('list')
    .option('--limit <n>', 'how many', Number, 50)
    .option('--json', 'print one JSON object')
    .action(async (options: { limit: number; json?: boolean }) => {
      const rows = await withEngines({}, (engines) => listParked(engines.db, options.limit));
      print(
        options.json ?? false,
        { parked: rows },
        rows.length === 0
          ? ['nothing is parked']
          : rows.map(
              (row) => `${row.id} ${row.parked_at.toISOString()} ${row.origin} ${row.reason}: ${row.detail}`,
            ),
      );
    });
  dlq
    .command('replay [ids...]')
    .description('try again what is parked: all of it, or the ids named')
    .option('--json', 'print one JSON object')
    .action(async (ids: string[], options: { json?: boolean }) => {
      const report = await withEngines({ writes: true }, async (engines) => {
        await settle(engines);
        const named = ids.length > 0 ? ids.map(Number) : undefined;
        const raw = (await engines.recorder?.replay(named)) ?? { replayed: 0, still: 0 };
        const { replayed, still, unreadable } = await replayParked(engines.db, named);
        return {
          replayed: replayed + raw.replayed,
          still: still + raw.still,
          // Of what is parked for the raw store only that which it refuses still is left here.
          unreadable: unreadable - raw.still,
        };
      });
      print(options.json ?? false, report, [
        `${report.replayed} replayed, ${report.still} still parked, ${report.unreadable} unreadable lines left alone`,
      ]);
      // Only its log, mended, can make an unreadable line an event: that is no failure of the replay.
      if (report.still > 0) process.exitCode = 1;
    });
}

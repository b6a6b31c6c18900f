import type { Command } from 'commander';
import { AppError } from '../kit/errors.ts';
import { leaveLog } from '../pipeline/record/index.ts';
import { print } from './output.ts';
import { withEngines } from './with-engines.ts';

export function addLeaveLog(program: Command): void {
  program
    .command('leave-log <identity>')
    .description(
      'declare that nothing more is to be counted out of a log that is not configured any more; doctor names such logs',
    )
    .option('--json', 'print one JSON object')
    .action(async (identity: string, options: { json?: boolean }) => {
      const left = await withEngines({}, async (engines) => {
        if (engines.log.identity === identity)
          throw new AppError('conflict', `${identity} is the log that is used now; it cannot be left.`);
        return leaveLog(engines.db, identity);
      });
      if (!left) throw new AppError('not_found', `No event was ever counted out of ${identity}.`);
      print(options.json ?? false, { left: identity }, [`${identity} no longer holds the numbers back`]);
    });
}

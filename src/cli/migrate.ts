import type { Command } from 'commander';
import { migrate } from '../db/migrate.ts';
import { print } from './output.ts';
import { withEngines } from './with-engines.ts';

export function addMigrate(program: Command): void {
  program
    .command('migrate')
    .description('bring the database to this version (serve does it by itself)')
    .option('--json', 'print one JSON object')
    .action(async (options: { json?: boolean }) => {
      const applied = await withEngines({ migrates: false }, (engines) => migrate(engines.db));
      print(
        options.json ?? false,
        { applied },
        applied.length > 0 ? applied.map((name) => `applied ${name}`) : ['nothing to do'],
      );
    });
}

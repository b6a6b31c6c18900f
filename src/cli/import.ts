import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { createImportDeps } from '../compose.ts';
import { IMPORT_LANES, importLog, parseRules } from '../pipeline/import/index.ts';
import { createBar, interruptible, print } from './output.ts';
import { settle, withEngines } from './with-engines.ts';

interface Options {
  readonly rules?: string;
  readonly json?: boolean;
}

export function addImport(program: Command): void {
  program
    .command('import <file>')
    .description(
      'read an Apache or nginx access log (combined format, .gz too); run it again at any time, nothing counts twice',
    )
    .option('--rules <file>', 'which path is a view or click of which campaign (JSON)')
    .option('--json', 'print one JSON object')
    .action(async (path: string, options: Options) => {
      const signal = interruptible();
      const rules =
        options.rules === undefined ? undefined : parseRules(await readFile(options.rules, 'utf8'));
      const report = await withEngines({ writes: true, lanes: IMPORT_LANES }, async (engines) => {
        const bar = createBar('import');
        const deps = await createImportDeps(engines);
        const result = await importLog(deps, {
          path,
          signal,
          ...(rules && { rules }),
          onProgress: (at) => {
            const left = at.etaMs === undefined ? '' : `, ${Math.ceil(at.etaMs / 1_000)} s left`;
            bar.update(
              at.bytesRead,
              at.bytesTotal,
              `${at.phase}: ${at.lines} lines, ${Math.round(at.rate)}/s${left}`,
            );
          },
        });
        bar.stop();
        if (!signal.aborted) await settle(engines);
        return result;
      });
      print(options.json ?? false, report, [
        `${path}: ${report.state === 'already_done' ? 'was imported before; nothing to do' : report.state}`,
        `${report.lines} lines read, ${report.events} events (${report.added} new), ${report.parked} unreadable lines parked (see: npx weir dlq list)`,
        ...Object.entries(report.campaigns)
          .slice(0, 20)
          .map(([title, id]) => `  campaign ${id}: ${title}`),
      ]);
      if (report.state === 'interrupted') process.exitCode = 130;
    });
}

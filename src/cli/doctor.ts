import Table from 'cli-table3';
import type { Command } from 'commander';
import { findMigrations } from '../db/migrate.ts';
import { readPipelineState } from '../pipeline/aggregate/index.ts';
import { type CheckState, readCheckState } from '../pipeline/verify/index.ts';
import { print } from './output.ts';
import { withEngines } from './with-engines.ts';

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description(
      'which engine serves each role, its version, health and lag, and pending migrations; exit code 1 where something is wrong',
    )
    .option('--json', 'print one JSON object')
    .action(async (options: { json?: boolean }) => {
      const report = await withEngines({ migrates: false }, async (engines) => {
        const { db } = engines;
        const [server] = await db.query<{ version: string }>(
          `select current_setting('server_version') as version`,
        );
        const { pending } = await findMigrations(db);
        const engine = engines.embedded ? 'PostgreSQL (embedded)' : 'PostgreSQL (DATABASE_URL)';
        const version = server?.version ?? 'unknown';
        const state = pending.length === 0 ? await readPipelineState(db, engines.log.identity) : undefined;
        const checks = pending.length === 0 ? await readCheckState(db) : undefined;
        const lag = state ? `${state.lag_events} events, ${state.parked} parked` : 'unknown until migrated';
        const roles = [
          {
            role: 'system of record',
            engine,
            version,
            state: pending.length === 0 ? 'ok' : `${pending.length} migration(s) pending`,
          },
          { role: 'event log', engine, version, state: `lag ${lag}` },
          {
            role: 'raw event store',
            engine: `${engine}, the log's own rows`,
            version,
            state: 'no recorder needed',
          },
        ];
        return { roles, pending, ...state, checks };
      });
      const table = new Table({
        head: ['role', 'engine', 'version', 'state'],
        ...(process.stdout.isTTY ? {} : { style: { head: [], border: [] } }),
      });
      for (const { role, engine, version, state } of report.roles) table.push([role, engine, version, state]);
      const found = Object.entries(report.checks?.open ?? {});
      print(options.json ?? false, report, [table.toString(), ...describeChecks(report.checks)]);
      if (report.pending.length > 0 || found.length > 0) process.exitCode = 1;
    });
}

/** What the check in the background has found, and how far its pass over everything has come. */
function describeChecks(checks: CheckState | undefined): string[] {
  if (!checks) return [];
  const open = Object.entries(checks.open).map(([kind, count]) => `${count} of kind ${kind}`);
  return [
    open.length === 0
      ? 'background check: nothing open'
      : `background check: ${open.join(', ')}; npx weir verify shows where`,
    ...(checks.repaired > 0 ? [`numbers that were altered and made anew: ${checks.repaired}`] : []),
    ...checks.passes.map(
      ({ name, done, total, finished_at }) =>
        `  ${name}: ${done} of ${total}${finished_at ? `, last finished ${finished_at.toISOString()}` : ''}`,
    ),
  ];
}

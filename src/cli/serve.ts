import { type Command, InvalidArgumentError } from 'commander';
import { ROLES, type RoleName, runServer } from '../roles/run-server.ts';

export function addServe(program: Command): void {
  program
    .command('serve')
    .description('start the server: all roles in one process, or the ones named')
    .option('--roles <names>', `some of ${ROLES.join(',')}`, parseRoles, [...ROLES])
    .option('--workers <n>', 'processes that share the port', parseWorkers, 1)
    .action((options: { roles: RoleName[]; workers: number }) => runServer(options));
  program
    .command('work')
    .description('do jobs and schedules only: serve --roles worker,scheduler')
    .action(() => runServer({ roles: ['worker', 'scheduler'], workers: 1 }));
}

function parseRoles(text: string): RoleName[] {
  const names = text.split(',');
  const unknown = names.filter((name) => !ROLES.includes(name as RoleName));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`${unknown.join(', ')} is no role; there are ${ROLES.join(', ')}.`);
  return names as RoleName[];
}

function parseWorkers(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > 64)
    throw new InvalidArgumentError('It must be a whole number from 1 to 64.');
  return count;
}

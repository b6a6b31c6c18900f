import { randomBytes } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { createMembers, type Members } from '../features/members/index.ts';
import { ROLES, type Role } from '../http/authenticate.ts';
import { AppError } from '../kit/errors.ts';
import { ERASURES } from '../roles/erasures.ts';
import { print } from './output.ts';
import { withEngines } from './with-engines.ts';

interface Options {
  readonly role?: Role[];
  readonly password?: string;
  readonly json?: boolean;
}

export function addUser(program: Command): void {
  const user = program.command('user').description('members: create, role, password');
  user
    .command('create <username>')
    .description('a new member; without --password one is made and printed once')
    .option('--role <names>', `some of ${ROLES.join(',')}`, parseRoles)
    .option('--password <password>', '8 to 128 characters')
    .option('--json', 'print one JSON object')
    .action((username: string, options: Options) =>
      withMembers(async (members) => {
        const password = options.password ?? randomBytes(12).toString('base64url');
        const made = await members.create({ username, password, roles: options.role ?? ['member'] });
        const shown = options.password === undefined ? { password } : {};
        print(options.json ?? false, { id: made.id, username, roles: made.roles, ...shown }, [
          `member ${made.id}: ${username} (${made.roles.join(', ')})`,
          ...(shown.password ? [`password ${shown.password}   (shown this once)`] : []),
        ]);
      }),
    );
  user
    .command('role <username> <names>')
    .description('set the roles of a member')
    .option('--json', 'print one JSON object')
    .action((username: string, names: string, options: Options) =>
      withMembers(async (members) => {
        const member = await members.setRoles((await getByName(members, username)).id, parseRoles(names));
        print(options.json ?? false, { id: member.id, roles: member.roles }, [
          `${username}: ${member.roles.join(', ')}`,
        ]);
      }),
    );
  user
    .command('password <username>')
    .description(
      'set a password; without --password one is made and printed once. Every session of the member ends.',
    )
    .option('--password <password>', '8 to 128 characters')
    .option('--json', 'print one JSON object')
    .action((username: string, options: Options) =>
      withMembers(async (members) => {
        const password = options.password ?? randomBytes(12).toString('base64url');
        const { id } = await getByName(members, username);
        await members.setPassword(id, password);
        const shown = options.password === undefined ? { password } : {};
        print(options.json ?? false, { id, ...shown }, [
          shown.password ? `password ${shown.password}   (shown this once)` : 'password set',
        ]);
      }),
    );
}

function withMembers(work: (members: Members) => Promise<void>): Promise<void> {
  return withEngines({}, (engines) => work(createMembers({ db: engines.db, erasures: ERASURES })));
}

async function getByName(members: Members, username: string) {
  const member = await members.findByUsername(username);
  if (!member) throw new AppError('not_found', `There is no member ${username}.`);
  return member;
}

function parseRoles(text: string): Role[] {
  const names = text.split(',');
  const unknown = names.filter((name) => !ROLES.includes(name as Role));
  if (unknown.length > 0)
    throw new InvalidArgumentError(`${unknown.join(', ')} is no role; there are ${ROLES.join(', ')}.`);
  return names as Role[];
}

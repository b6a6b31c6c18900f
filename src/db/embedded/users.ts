import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findStartToken } from './process-table.ts';

export type Role = 'serve' | 'command';

interface User {
  readonly pid: number;
  readonly role: Role;
  readonly name: string;
}

let opened = 0;

/** Enters this process in the register of those who use the cluster; answers its entry's name. */
export function addUser(dir: string, role: Role): string {
  mkdirSync(dir, { recursive: true });
  const start = findStartToken(process.pid) ?? 'unknown';
  opened += 1;
  const name = `${process.pid}-${start}-${opened}`;
  // Written aside first: an entry without its role must never be seen.
  writeFileSync(join(dir, `.${name}`), role);
  renameSync(join(dir, `.${name}`), join(dir, name));
  return name;
}

export function removeUser(dir: string, name: string): void {
  rmSync(join(dir, name), { force: true });
}

/** The living users; entries of processes that died without leaving are removed on the way. */
export function listUsers(dir: string): User[] {
  mkdirSync(dir, { recursive: true });
  return readdirSync(dir).flatMap((name) => {
    const [pid, start] = name.split('-');
    if (name.startsWith('.') || pid === undefined) return [];
    if (findStartToken(Number(pid)) !== start) {
      removeUser(dir, name);
      return [];
    }
    const role: Role = readRole(join(dir, name)) === 'serve' ? 'serve' : 'command';
    return [{ pid: Number(pid), role, name }];
  });
}

function readRole(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It left in between.
    return '';
  }
}

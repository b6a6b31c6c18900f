import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Which processors serve, and which send; lists as `taskset -c` takes them. */
export interface Split {
  readonly server: string;
  readonly clients: string;
}

/**
 * One processor for a server with its database, the others for its clients, so that neither takes what the other is
 * measured by. Undefined where this process may use one only, or the system has no `taskset`.
 */
export function splitProcessors(): Split | undefined {
  const [first, ...others] = readAllowed();
  if (first === undefined || others.length === 0) return undefined;
  const split = { server: String(first), clients: others.join(',') };
  return moveSelf(split.clients) ? split : undefined;
}

/** Runs `start`, which starts a process before it returns, so that this one runs on those processors and all its children. */
export function startOn<Started>({ server, clients }: Split, start: () => Started): Started {
  moveSelf(server);
  try {
    return start();
  } finally {
    moveSelf(clients);
  }
}

/** Where this process may run again on all of them. */
export function unsplit({ server, clients }: Split): void {
  moveSelf(`${server},${clients}`);
}

function moveSelf(list: string): boolean {
  try {
    // -a: a child takes over what the thread had that made it, and the others must not wander either.
    execFileSync('taskset', ['-a', '-p', '-c', list, String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    // No such command, or no right to: then they share all processors, and the drill says so.
    return false;
  }
}

function readAllowed(): number[] {
  let status: string;
  try {
    status = readFileSync('/proc/self/status', 'utf8');
  } catch {
    // No Linux.
    return [];
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? '';
  return list.split(',').flatMap((part) => {
    const [from, to = from] = part.split('-').map(Number);
    return from === undefined ? [] : Array.from({ length: to! - from + 1 }, (_, at) => from + at);
  });
}

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FAILPOINTS, type Failpoint } from '../../kit/failpoint.ts';
import type { Rig } from './rig.ts';
import type { Environment, ServerProcess } from './server-process.ts';

const HIT_LIMIT_MS = 60_000;

/** Ends processes at failpoints, and keeps account of which point was proven hit how often. */
export interface Crashes {
  readonly hits: Readonly<Record<string, number>>;
  /** What a broken promise, or a point that was not hit, is called in the report. */
  readonly violations: string[];
  /** Starts the server, which must die at the nth hit of this point; `provoke` makes it come there. */
  readonly server: (point: Failpoint, nth: number, options?: ServerCrash) => Promise<void>;
  /** Runs a command, which must die at the nth hit of this point. */
  readonly command: (point: Failpoint, nth: number, args: readonly string[]) => Promise<void>;
}

interface ServerCrash {
  readonly provoke?: () => void;
  /** Another one than the rig's, with its data directory. */
  readonly server?: ServerProcess;
  readonly dataDir?: string;
}

/** `env` is added to what each server is started with. */
export function createCrashes(rig: Rig, env: Environment = {}): Crashes {
  const hits: Record<string, number> = Object.fromEntries(FAILPOINTS.map((point) => [point, 0]));
  const violations: string[] = [];

  function conclude(
    point: Failpoint,
    before: number,
    dataDir: string,
    signal: string | null | undefined,
  ): void {
    // Both: the process noted the point before its end, and it ended by that kill.
    if (countNotes(dataDir, point) === before + 1 && signal === 'SIGKILL') hits[point]! += 1;
    else violations.push(`the failpoint ${point} was not hit`);
  }

  return {
    hits,
    violations,
    server: async (point, nth, { provoke, server = rig.server, dataDir = rig.dataDir } = {}) => {
      await server.end('SIGKILL');
      const before = countNotes(dataDir, point);
      server.launch({ ...env, FAILPOINT: `${point}:${nth}` });
      provoke?.();
      const exit = await server.exited(HIT_LIMIT_MS);
      conclude(point, before, dataDir, exit?.signal);
      // One that did not come there is in the report, and out of the way of the next.
      if (!exit) await server.end('SIGKILL');
    },
    command: async (point, nth, args) => {
      const before = countNotes(rig.dataDir, point);
      const { signal } = await rig.command(args, { FAILPOINT: `${point}:${nth}` });
      conclude(point, before, rig.dataDir, signal);
    },
  };
}

/** How often a process of this data directory noted that it came to the point. */
function countNotes(dataDir: string, point: Failpoint): number {
  const file = join(dataDir, 'failpoints.ndjson');
  if (!existsSync(file)) return 0;
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.filter((line) => (JSON.parse(line) as { name: string }).name === point).length;
}

import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import { type Finding, type FindingKind, noteFindings } from './findings.queries.ts';

export const LEAST_REST_MS = 20;

export interface CheckDeps {
  /** Without a limit of time on its statements. */
  readonly db: Db;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Steps extends CheckDeps {
  readonly signal: AbortSignal;
  /** Does one small piece and rests in proportion to what it took. */
  readonly step: <T>(work: () => Promise<T>) => Promise<T>;
}

/** `rest`: how many times as long as it worked. */
export function createSteps(deps: CheckDeps, signal: AbortSignal, rest: number): Steps {
  return {
    ...deps,
    signal,
    step: async (work) => {
      signal.throwIfAborted();
      const begunAt = performance.now();
      const result = await work();
      await sleep(Math.max(LEAST_REST_MS, rest * (performance.now() - begunAt)), signal);
      return result;
    },
  };
}

export async function report(
  { db, logger }: Pick<Steps, 'db' | 'logger'>,
  kind: FindingKind,
  findings: readonly Finding[],
  repaired = false,
): Promise<void> {
  const fresh = await noteFindings(db, kind, findings, repaired);
  for (const key of fresh) {
    if (repaired) logger.warn({ kind, key }, 'a number differed from its raw events and was made anew');
    else logger.error({ kind, key }, 'stored events or numbers were altered; npx weir verify shows where');
  }
}

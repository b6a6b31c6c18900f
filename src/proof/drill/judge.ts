import { join } from 'node:path';
import { openEngines } from '../../compose.ts';
import { loadConfig } from '../../config.ts';
import { createLogger } from '../../kit/logger.ts';
import { verify } from '../../pipeline/verify/index.ts';
import { checkHistory, type OracleReport } from '../oracle.ts';
import type { Environment } from './server-process.ts';

const SHOWN = 20;

export interface Judgement extends OracleReport {
  /** What verify found: counters and sets that it computes otherwise, and raw rows that are not those that were counted. */
  readonly altered: number;
}

/**
 * Counts what waits, then compares the client's history with raw store and counters, and every counter with the raw
 * events. `mismatch` holds what verify found, too. No server runs meanwhile.
 */
export async function judge(dir: string, env: Environment, historyFile: string): Promise<Judgement> {
  const config = loadConfig({ ...env }, join(dir, '.env'));
  const logger = createLogger('error');
  const engines = await openEngines(config, logger, { role: 'command', writes: false, migrates: true });
  try {
    const { db } = engines;
    await engines.counting.untilDry();
    const oracle = await checkHistory(db, historyFile);
    const { differences, brokenSeals, brokenSealed, strays } = await verify(db, {
      repair: false,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    });
    const found = [...differences, ...brokenSeals, ...brokenSealed].map((one) => JSON.stringify(one));
    const altered = found.length + strays;
    const findings = [...oracle.findings, ...found];
    if (strays > 0) findings.push(`${strays} raw rows stand in no batch that was counted`);
    return { ...oracle, mismatch: oracle.mismatch + altered, altered, findings: findings.slice(0, SHOWN) };
  } finally {
    await engines.close();
  }
}

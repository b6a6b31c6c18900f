import { join } from 'node:path';
import { type Engines, openEngines } from '../../compose.ts';
import { loadConfig } from '../../config.ts';
import { openMongoRaw } from '../../engines/mongodb/mongo-raw.ts';
import { createLogger } from '../../kit/logger.ts';
import { verify } from '../../pipeline/verify/index.ts';
import { checkHistory, type OracleReport } from '../oracle.ts';
import { checkSecondStore } from '../second-store.ts';
import type { Environment } from './server-process.ts';

const SHOWN = 20;

export interface Judgement extends OracleReport {
  /** What verify found: counters and sets that it computes otherwise, and raw rows that are not those that were counted. */
  readonly altered: number;
}

/**
 * Counts what waits, then compares the client's history with raw store and counters, and every counter with the raw
 * events. `mismatch` holds what verify found, too. Where another raw store stands beside the log, all of it is asked of
 * that one as well. No server runs meanwhile.
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
    const second = await judgeSecondStore(engines, historyFile);
    return {
      ...oracle,
      lost: oracle.lost + second.lost,
      dup: oracle.dup + second.dup,
      mismatch: oracle.mismatch + altered + second.mismatch,
      altered: altered + second.altered,
      findings: [...findings, ...second.findings].slice(0, SHOWN),
    };
  } finally {
    await engines.close();
  }
}

type SecondJudgement = Pick<Judgement, 'lost' | 'dup' | 'mismatch' | 'altered' | 'findings'>;

async function judgeSecondStore(
  { config, db, logger, recorder }: Engines,
  historyFile: string,
): Promise<SecondJudgement> {
  if (!recorder || config.mongodbUrl === undefined)
    return { lost: 0, dup: 0, mismatch: 0, altered: 0, findings: [] };
  await recorder.untilDry();
  // Itself, without the log's rows that answer for it where it does not.
  const store = await openMongoRaw({ url: config.mongodbUrl, log: logger });
  try {
    const { lost, dup, mismatch, findings } = await checkSecondStore(db, store, historyFile);
    const onProgress = () => undefined;
    const { missing, altered, added, ...first } = await recorder.check({
      signal: new AbortController().signal,
      onProgress,
    });
    const differ = missing + altered + added;
    const words = [
      ...findings,
      ...first.mismatches.map(({ eventId, problem }) => `${eventId} is ${problem}`),
      ...first.addedRows.map((one) => JSON.stringify(one)),
    ];
    return {
      ...{ lost, dup, mismatch: mismatch + differ, altered: differ },
      findings: words.map((one) => `raw store beside the log: ${one}`),
    };
  } finally {
    await store.close();
  }
}

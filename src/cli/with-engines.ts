import { type Engines, openEngines } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { explainFullDisk } from '../db/embedded/index.ts';
import { createLogger } from '../kit/logger.ts';

/** Runs a command's work on the engines of the environment, beside a running server or without one. */
export async function withEngines<T>(
  options: { writes?: boolean; lanes?: number; migrates?: boolean },
  work: (engines: Engines) => Promise<T>,
): Promise<T> {
  const config = loadConfig();
  const logger = createLogger(config.logLevel === 'info' ? 'warn' : config.logLevel);
  let engines: Engines | undefined;
  try {
    engines = await openEngines(config, logger, {
      role: 'command',
      writes: options.writes ?? false,
      lanes: options.lanes,
      migrates: options.migrates ?? true,
    });
    return await work(engines);
  } catch (error) {
    throw config.databaseUrl === undefined ? explainFullDisk(error, config.dataDir) : error;
  } finally {
    await engines?.close();
  }
}

/** Counts what waits in the log; a server that runs beside it only makes that shorter. */
export function settle(engines: Engines): Promise<number> {
  return engines.counting.untilDry();
}

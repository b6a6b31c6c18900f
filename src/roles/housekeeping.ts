import type { Engines } from '../compose.ts';
import { sleep } from '../kit/wait.ts';
import { emptyOldLines } from '../pipeline/dead-letters/index.ts';
import { applyRetention } from '../pipeline/retention/index.ts';
import { startBackgroundCheck } from '../pipeline/verify/index.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TROUBLE_REST_MS = 10_000;

interface Housekeeping {
  readonly close: () => Promise<void>;
}

/**
 * What time alone makes due: secrets past their days are destroyed, raw events past theirs are sealed and dropped, and all
 * numbers are verified over and over. Safe to run in several processes.
 */
export function startHousekeeping({ config, maintenance: db, secrets, logger }: Engines): Housekeeping {
  const stop = new AbortController();
  const { signal } = stop;
  const check = startBackgroundCheck({ db, logger, now: Date.now });
  const running = (async () => {
    while (!signal.aborted) {
      let rest = HOUR_MS;
      try {
        const now = Date.now();
        await secrets.destroyOld(Math.floor(now / DAY_MS));
        await emptyOldLines(db);
        await applyRetention(db, { retentionDays: config.rawRetentionDays, now, logger, signal });
      } catch (error) {
        logger.warn({ err: error }, 'housekeeping waits for its database');
        rest = TROUBLE_REST_MS;
      }
      await sleep(rest, signal);
    }
  })();
  return {
    close: async () => {
      stop.abort();
      await Promise.all([running, check.close()]);
    },
  };
}

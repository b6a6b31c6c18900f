import type { Engines } from '../compose.ts';
import { sleep } from '../kit/wait.ts';
import { emptyOldLines } from '../pipeline/dead-letters/index.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

interface Housekeeping {
  readonly close: () => Promise<void>;
}

/** What time alone makes due: secrets past their days are destroyed. Safe to run in several processes. */
export function startHousekeeping({ db, secrets, logger }: Engines): Housekeeping {
  const stop = new AbortController();
  const running = (async () => {
    while (!stop.signal.aborted) {
      try {
        await secrets.destroyOld(Math.floor(Date.now() / DAY_MS));
        await emptyOldLines(db);
      } catch (error) {
        logger.warn({ err: error }, 'housekeeping waits for its database');
      }
      await sleep(HOUR_MS, stop.signal);
    }
  })();
  return {
    close: () => {
      stop.abort();
      return running;
    },
  };
}

import type { Engines } from '../compose.ts';
import { sleep } from '../kit/wait.ts';
import { emptyOldLines } from '../pipeline/dead-letters/index.ts';
import { applyRetention, readBelievedClock } from '../pipeline/retention/index.ts';
import { startBackgroundCheck } from '../pipeline/verify/index.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const TROUBLE_REST_MS = 10_000;
/** Of lines that could not be imported, as of whole addresses. */
const LINE_DAYS = 30;

interface Housekeeping {
  readonly close: () => Promise<void>;
}

/**
 * What time alone makes due: secrets past their days are destroyed, raw events past theirs are sealed and dropped, and all
 * numbers are verified over and over. Safe to run in several processes.
 */
export function startHousekeeping(engines: Engines): Housekeeping {
  const stop = new AbortController();
  const { signal } = stop;
  const { maintenance: db, logger } = engines;
  const check = startBackgroundCheck({
    db,
    logger,
    now: Date.now,
    recorded: () => engines.recorder?.recorded,
  });
  const running = (async () => {
    while (!signal.aborted) {
      let rest = HOUR_MS;
      try {
        await removeDue(engines, { now: Date.now, signal });
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

type Removing = Pick<Engines, 'maintenance' | 'secrets' | 'logger'> & {
  readonly config: Pick<Engines['config'], 'rawRetentionDays'>;
  readonly recorder?: Engines['recorder'];
};

/** One round. What is destroyed is destroyed for good, so it goes by a clock that is believed, not by the process's. */
export async function removeDue(
  { config, maintenance: db, secrets, logger, recorder }: Removing,
  { now: clock, signal }: { now: () => number; signal: AbortSignal },
): Promise<void> {
  const now = await readBelievedClock(db, { now: clock, logger });
  if (now === undefined) return;
  await secrets.destroyOld(Math.floor(now / DAY_MS));
  await emptyOldLines(db, new Date(now - LINE_DAYS * DAY_MS));
  await recorder?.register();
  const { rawRetentionDays: retentionDays } = config;
  await applyRetention(db, { retentionDays, now, logger, signal, recording: recorder?.store });
}

import { systemClock } from '../../kit/clock.ts';
import type { Logger } from '../../kit/logger.ts';
import { sleep } from '../../kit/wait.ts';
import type { Place } from './place.ts';
import { findStartToken } from './process-table.ts';
import { boundLog } from './server-log.ts';

interface Supervisor {
  /** Resolves when it neither watches nor restarts any more. */
  readonly stop: () => Promise<void>;
}

/** One read of a small file in /proc, some 20 µs. */
const POLL_MS = 50;
const BOUND_LOG_EVERY_MS = 30_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5_000;
/** A server that lived this long was healthy: its death starts the backoff from the beginning. */
const HEALTHY_AFTER_MS = 30_000;

/**
 * Watches the server by its pid, which works for an adopted one as well, and brings it back when it dies. Every
 * process that uses the cluster watches; `restart` takes the lock and finds what another one has restarted already.
 */
export function superviseServer(
  place: Place,
  firstPid: number,
  restart: () => Promise<number>,
  log: Logger,
): Supervisor {
  const stopping = new AbortController();
  let pid = firstPid;
  let token = findStartToken(pid);
  let upSince = systemClock.monotonicMs();
  let boundedAt = upSince;
  let backoffMs = 0;

  async function bringBack(): Promise<void> {
    const now = systemClock.monotonicMs();
    if (now - upSince > HEALTHY_AFTER_MS) backoffMs = 0;
    log.error({ pid, waitMs: backoffMs }, 'PostgreSQL died: restarting it');
    await sleep(backoffMs, stopping.signal);
    if (stopping.signal.aborted) return;
    backoffMs = Math.min(MAX_BACKOFF_MS, Math.max(FIRST_BACKOFF_MS, backoffMs * 2));
    try {
      pid = await restart();
      token = findStartToken(pid);
      upSince = systemClock.monotonicMs();
      log.info({ pid, tookMs: Math.round(upSince - now) }, 'PostgreSQL runs again');
    } catch (error) {
      log.error({ err: error }, 'PostgreSQL could not be restarted');
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(POLL_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      if (token === undefined || findStartToken(pid) !== token) await bringBack();
      if (systemClock.monotonicMs() - boundedAt > BOUND_LOG_EVERY_MS) {
        boundedAt = systemClock.monotonicMs();
        tryBoundLog(place, log);
      }
    }
  }

  const watching = watch();
  return {
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}

function tryBoundLog(place: Place, log: Logger): void {
  try {
    boundLog(place.logFile);
  } catch (error) {
    log.warn({ err: error }, "could not shorten PostgreSQL's log");
  }
}

import type { ReadNumbers } from '../../db/read-replica.ts';
import { SUBJECT_KINDS } from '../../events/event.ts';
import type { Logger } from '../../kit/logger.ts';
import { findInstants, findTotals, type Instants, type TotalRow } from './stats.queries.ts';

const POLL_MS = 500;

export type LiveListener = (rows: readonly TotalRow[], instants: Instants) => void;

export interface LiveTotals {
  /**
   * Calls the listener with the totals of a campaign, at once and then each half second. Returns how to stop; `onEnd` is
   * called where they end before.
   */
  readonly watch: (campaignId: number, listener: LiveListener, onEnd: () => void) => () => void;
  readonly watchers: () => number;
  readonly close: () => Promise<void>;
}

/**
 * One query for every campaign that anybody watches, however many watch. It reads the counters themselves, so it is
 * right on every instance, whichever process counted.
 */
export function createLiveTotals(read: ReadNumbers, log: Logger): LiveTotals {
  const watched = new Map<number, Map<LiveListener, () => void>>();
  let polling: Promise<void> | undefined;
  let closed = false;

  async function poll(): Promise<void> {
    if (watched.size === 0) return;
    try {
      const { instants, rows } = await read(async (db) => ({
        instants: await findInstants(db),
        rows: await findTotals(db, SUBJECT_KINDS.campaign, [...watched.keys()]),
      }));
      for (const [id, listeners] of watched) {
        const own = rows.filter((row) => row.subject_id === id);
        for (const listener of listeners.keys()) listener(own, instants);
      }
    } catch (error) {
      log.debug({ err: error }, 'live totals could not be read');
    }
  }
  const tick = () => {
    polling ??= poll().finally(() => {
      polling = undefined;
    });
  };
  const timer = setInterval(tick, POLL_MS);
  timer.unref();

  return {
    watch: (id, listener, onEnd) => {
      if (closed) {
        onEnd();
        return () => undefined;
      }
      const listeners = watched.get(id) ?? new Map();
      watched.set(id, listeners.set(listener, onEnd));
      tick();
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && watched.get(id) === listeners) watched.delete(id);
      };
    },
    watchers: () => [...watched.values()].reduce((sum, listeners) => sum + listeners.size, 0),
    close: async () => {
      closed = true;
      clearInterval(timer);
      const ends = [...watched.values()].flatMap((listeners) => [...listeners.values()]);
      watched.clear();
      for (const end of ends) end();
      await polling;
    },
  };
}

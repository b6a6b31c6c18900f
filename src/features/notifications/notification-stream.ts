import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import {
  listNotifications,
  readLastPlaces,
  type ShownNotification,
  showNotifications,
} from './notifications.queries.ts';

const POLL_MS = 500;
/** Rows of one member in one turn; more follow in the next. */
const MOST_AT_ONCE = 100;

export interface Listener {
  /** The last place that was told; moves as it goes on. */
  place: number;
  readonly tell: (rows: readonly ShownNotification[], unread: number) => void;
  readonly end: () => void;
}

export interface NotificationStream {
  /** Tells of everything after the listener's place, in order, each once. Returns how to stop. */
  readonly listen: (memberId: number, listener: Listener) => () => void;
  readonly listeners: () => number;
  readonly close: () => Promise<void>;
}

/** One query a turn for every inbox that anybody listens to; places have no gaps, so nothing is told twice or left out. */
export function createNotificationStream(db: Db, log: Logger): NotificationStream {
  const listening = new Map<number, Set<Listener>>();
  let polling: Promise<void> | undefined;
  let closed = false;

  async function poll(): Promise<void> {
    if (listening.size === 0) return;
    const inboxes = await readLastPlaces(db, [...listening.keys()]);
    for (const [memberId, listeners] of listening) {
      const inbox = inboxes.get(memberId);
      if (!inbox) continue;
      const behind = [...listeners].filter((one) => one.place < inbox.place);
      if (behind.length > 0) await catchUp(memberId, behind, inbox.unread);
    }
  }

  async function catchUp(memberId: number, behind: readonly Listener[], unread: number): Promise<void> {
    const after = Math.min(...behind.map((one) => one.place));
    const rows = await listNotifications(db, { memberId, after, unread: false, limit: MOST_AT_ONCE });
    const shown = (await showNotifications(db, rows)).reverse();
    for (const listener of behind) {
      const fresh = shown.filter((row) => row.place > listener.place);
      if (fresh.length === 0) continue;
      listener.place = fresh.at(-1)!.place;
      listener.tell(fresh, unread);
    }
  }

  const timer = setInterval(() => {
    polling ??= poll()
      .catch((error: unknown) => log.debug({ err: error }, 'inboxes could not be read'))
      .finally(() => (polling = undefined));
  }, POLL_MS);
  timer.unref();

  return {
    listen: (memberId, listener) => {
      if (closed) {
        listener.end();
        return () => undefined;
      }
      const listeners = listening.get(memberId) ?? new Set();
      listening.set(memberId, listeners.add(listener));
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0 && listening.get(memberId) === listeners) listening.delete(memberId);
      };
    },
    listeners: () => [...listening.values()].reduce((sum, listeners) => sum + listeners.size, 0),
    close: async () => {
      closed = true;
      clearInterval(timer);
      const all = [...listening.values()].flatMap((listeners) => [...listeners]);
      listening.clear();
      for (const { end } of all) end();
      await polling;
    },
  };
}

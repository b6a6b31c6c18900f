import type { Clock } from './clock.ts';

/** Learns from the groups that a queue wrote how long its items wait. */
export interface Pace {
  /** A group begins to be written, or to wait behind the one that is. */
  readonly begin: (items: number) => void;
  /** The first of them ended; one that `failed` tells nothing. */
  readonly end: (failed: boolean) => void;
  /** Milliseconds until an item that comes now, behind `waiting` others, begins to be written; 0 where nothing is before it. */
  readonly expectedWaitMs: (waiting: number) => number;
}

/** Groups of no more show what a commit takes, however little it holds: a disk's flush, the way to the server. */
const SMALL_GROUP = 8;
const SMOOTHING = 8;
/** Less than this is what commits differ by, and tells nothing of the items. */
const TELLING_MS = 50;

/**
 * What waits, over the pace at which it goes: Little's law. Queues are bounded by this and not by a count, since the same
 * count is an instant on one disk and seconds on another; the sense of it is that of CoDel (RFC 8289). It errs towards
 * accepting: an item is thought to take nothing until two large groups in a row took long.
 */
export function createPace(clock: Clock): Pace {
  let commitMs = 0;
  let itemMs = 0;
  let lastItemMs = 0;
  const groups: { readonly items: number; startedAt: number }[] = [];

  function learn(items: number, tookMs: number): void {
    // However much of it was the commit's own, an item took no more than that.
    itemMs = Math.min(itemMs, tookMs / items);
    if (items <= SMALL_GROUP) {
      commitMs += (tookMs - commitMs) / (commitMs === 0 ? 1 : SMOOTHING);
      return;
    }
    const ownMs = Math.max(0, tookMs - commitMs);
    const seen = ownMs / items;
    // The lesser of two: one stall of the disk is no pace.
    if (ownMs >= TELLING_MS) itemMs = Math.max(itemMs, Math.min(seen, lastItemMs));
    lastItemMs = seen;
  }

  function restMs(): number {
    const [first, ...behind] = groups;
    if (!first) return 0;
    const itemsMs = first.items * itemMs;
    const leftMs = first.startedAt + commitMs + itemsMs - clock.monotonicMs();
    const behindMs = behind.reduce((sum, { items }) => sum + items * itemMs, 0);
    // What each commit takes is no reason to refuse anybody: it would be no less for fewer. One that is late may stay so.
    return behindMs + (leftMs > 0 ? Math.min(itemsMs, leftMs) : -leftMs / 2);
  }

  return {
    begin: (items) => {
      groups.push({ items, startedAt: clock.monotonicMs() });
    },
    end: (failed) => {
      const now = clock.monotonicMs();
      const ended = groups.shift();
      if (ended && !failed) learn(ended.items, now - ended.startedAt);
      if (groups[0]) groups[0].startedAt = now;
    },
    expectedWaitMs: (waiting) => restMs() + waiting * itemMs,
  };
}

import { sleep } from '../../kit/wait.ts';
import type { HistoryLine, HistoryWriter } from '../history.ts';
import { type LoadReport, runLoad } from '../load.ts';
import { createRandom } from '../random.ts';

/** Of one try: no request may take longer. */
export const TRY_LIMIT_MS = 5_000;
const GIVE_UP_MS = 30_000;
const MOST_SECONDS_BEHIND = 2;
const LEAST_IN_FLIGHT = 500;
const SETTLE_LIMIT_MS = 20_000;
/** What a healthy server has under way: that of 20 ms. */
const USUAL_SECONDS = 0.02;
// As long as nobody stops it.
const ENDLESS_SECONDS = 1_000_000;

/** Load that goes on until it is stopped, over whatever happens to the server meanwhile. */
export interface DrillLoad {
  /** Ends it once what is under way is no more than usual; those few end as `unknown`. */
  readonly stop: () => Promise<LoadReport>;
  /** Ends it at once. */
  readonly abort: () => Promise<LoadReport>;
}

interface DrillLoadOptions {
  readonly url: string;
  readonly campaigns: readonly number[];
  readonly rate: number;
  readonly seed: number;
  readonly history: HistoryWriter;
}

export function startDrillLoad(options: DrillLoadOptions): DrillLoad {
  const stop = new AbortController();
  let looks = 0;
  let inFlight = 0;
  const running = runLoad({
    ...options,
    seconds: ENDLESS_SECONDS,
    // A server that comes back must not meet more than it can ever work off.
    mostInFlight: Math.max(LEAST_IN_FLIGHT, options.rate * MOST_SECONDS_BEHIND),
    token: undefined,
    random: createRandom(options.seed),
    signal: stop.signal,
    timeoutMs: TRY_LIMIT_MS,
    giveUpMs: GIVE_UP_MS,
    onProgress: (progress) => {
      looks += 1;
      inFlight = progress.inFlight;
    },
  });
  // Heard of at `stop`; until then it is no unhandled rejection.
  running.catch(() => undefined);
  const abort = () => {
    stop.abort();
    return running;
  };
  return {
    stop: async () => {
      const due = performance.now() + SETTLE_LIMIT_MS;
      const seen = looks;
      const usual = Math.max(5, options.rate * USUAL_SECONDS);
      while ((looks <= seen || inFlight > usual) && performance.now() < due) await sleep(50);
      return abort();
    },
    abort,
  };
}

/** A history that tells of each acknowledgement as it comes. */
export interface WatchedHistory extends HistoryWriter {
  readonly acknowledged: () => number;
  /** Resolves at the next one with its instant (`performance.now`), or with undefined after `limitMs`. */
  readonly next: (limitMs: number) => Promise<number | undefined>;
}

export function watchHistory(history: HistoryWriter): WatchedHistory {
  let count = 0;
  let lastAt = 0;
  return {
    add: (line: HistoryLine) => {
      history.add(line);
      if (line.outcome !== 'ok') return;
      count += 1;
      lastAt = performance.now();
    },
    close: () => history.close(),
    acknowledged: () => count,
    next: async (limitMs) => {
      const from = performance.now();
      while (lastAt <= from && performance.now() - from < limitMs) await sleep(5);
      return lastAt > from ? lastAt : undefined;
    },
  };
}

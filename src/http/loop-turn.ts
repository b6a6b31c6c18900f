/** What the measure of waiting asks of its process; a test gives its own. */
export interface EventLoop {
  readonly now: () => number;
  /** Milliseconds in which the loop had nothing to do, since the process began. */
  readonly idleMs: () => number;
  /** Calls back once everything that is ready now was taken. */
  readonly afterTurn: (run: () => void) => void;
}

export interface LoopTurn {
  /**
   * Call it as a request is taken up: how many milliseconds it waited for those of the same turn, at least, and whether
   * there was always somebody waiting of late.
   */
  readonly take: () => { readonly waitedMs: number; readonly standing: boolean };
}

/** A turn of no more than this keeps nobody waiting. */
const SHORT_TURN_MS = 25;
/** So long without rest, and it is no burst. */
const BURST_MS = 500;

const systemLoop: EventLoop = {
  now: () => performance.now(),
  idleMs: () => performance.eventLoopUtilization().idle,
  afterTurn: (run) => void setImmediate(run),
};

/**
 * How long requests wait for an event loop that has more to do than it can. What one turn reads was there when the turn
 * began, so who comes last in it has waited since. Whether that is a burst or a queue that stands is told as in CoDel for
 * servers (Ben Maurer, "Fail at Scale", ACM Queue 2015): was it ever empty in the last half second?
 */
export function createLoopTurn(loop: EventLoop = systemLoop): LoopTurn {
  let startedAt: number | undefined;
  let calmAt = loop.now();
  let idleMs = 0;

  function end(): void {
    const now = loop.now();
    if (startedAt !== undefined && now - startedAt <= SHORT_TURN_MS) calmAt = now;
    else idleMs = loop.idleMs();
    startedAt = undefined;
  }

  function begin(now: number): void {
    startedAt = now;
    loop.afterTurn(end);
    if (now - calmAt <= BURST_MS) return;
    // It rested since the last long turn: nobody was waiting then.
    if (loop.idleMs() > idleMs) calmAt = now;
  }

  return {
    take: () => {
      const now = loop.now();
      if (startedAt === undefined) begin(now);
      return { waitedMs: now - startedAt!, standing: now - calmAt > BURST_MS };
    },
  };
}

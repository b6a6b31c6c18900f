/** What the measure of waiting asks of its process; a test gives its own. */
export interface EventLoop {
  readonly now: () => number;
  /** Milliseconds in which the loop had nothing to do, since the process began. */
  readonly idleMs: () => number;
  /** Calls back once everything that is ready now was taken. */
  readonly afterTurn: (run: () => void) => void;
}

/** `burst`: it rested within the last quarter of a second. `standing`: it did not. `shedding`: somebody was refused of late. */
export type Pressure = 'burst' | 'standing' | 'shedding';

export interface LoopTurn {
  /** Call it as a request is taken up: how many milliseconds it waited for those of the same turn, at least. */
  readonly take: () => { readonly waitedMs: number; readonly pressure: Pressure };
  /** Call it where a request is refused for that. */
  readonly refuse: () => void;
  /** As of the last request. */
  readonly pressure: () => Pressure;
}

/** So long without rest, and it is no burst. */
const BURST_MS = 250;
/** To ask for it at each turn is more than it is worth. */
const LOOK_MS = 50;
/** So long without a refusal, and it is over. One rest says nothing then: there is one between any two refusals. */
const SHED_MS = 1_000;

const systemLoop: EventLoop = {
  now: () => performance.now(),
  idleMs: () => performance.eventLoopUtilization().idle,
  afterTurn: (run) => void setImmediate(run),
};

/**
 * How long requests wait for an event loop that has more to do than it can. What one turn reads was there when the turn
 * began, so who comes last in it has waited since. Whether that is a burst or a queue that stands is told as in CoDel for
 * servers (Ben Maurer, "Fail at Scale", ACM Queue 2015): was it ever empty of late?
 */
export function createLoopTurn(loop: EventLoop = systemLoop): LoopTurn {
  let startedAt: number | undefined;
  let calmAt = loop.now();
  let idleMs = loop.idleMs();
  let lookedAt = calmAt;
  let refusedAt = Number.NEGATIVE_INFINITY;
  let pressure: Pressure = 'burst';

  function end(): void {
    startedAt = undefined;
  }

  function begin(now: number): void {
    startedAt = now;
    loop.afterTurn(end);
    if (now - lookedAt < LOOK_MS) return;
    lookedAt = now;
    const idleNow = loop.idleMs();
    // It rested since it was last looked at: nobody was waiting then.
    if (idleNow > idleMs) calmAt = now;
    idleMs = idleNow;
  }

  function judge(now: number): Pressure {
    if (now - refusedAt <= SHED_MS) return 'shedding';
    return now - calmAt > BURST_MS ? 'standing' : 'burst';
  }

  return {
    take: () => {
      const now = loop.now();
      if (startedAt === undefined) {
        begin(now);
        pressure = judge(now);
      }
      return { waitedMs: now - startedAt!, pressure };
    },
    refuse: () => {
      refusedAt = loop.now();
    },
    pressure: () => pressure,
  };
}

/** Where instants come from; injected, so that tests and the simulation own time. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Monotonic clock, milliseconds from an arbitrary start: for every duration, deadline and lease. */
  readonly monotonicMs: () => number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() };

/** How code waits; injected where the simulation owns time. */
export interface Timers {
  /** Resolves after `ms`, or at once when `signal` aborts (it never rejects: the caller looks at the signal). */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Resolves after one turn of the event loop. */
  readonly turn: () => Promise<void>;
  /** Calls `run` again and again, without keeping the process alive for it. Returns what ends that. */
  readonly every: (ms: number, run: () => void) => () => void;
}

export const systemTimers: Timers = {
  sleep,
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  every: (ms, run) => {
    const timer = setInterval(run, ms);
    timer.unref();
    return () => clearInterval(timer);
  },
};

/** `systemTimers.sleep`, for the code that no simulation runs. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish, { once: true });
  });
}

/**
 * Aborts after `ms`, or with `signal`. Not AbortSignal.any over AbortSignal.timeout: Node holds that one weakly, and once it is
 * collected the combined signal never aborts (nodejs/node#57736).
 */
export function abortAfter(ms: number, signal: AbortSignal): AbortSignal {
  const ended = new AbortController();
  void sleep(ms, signal).then(() => ended.abort());
  return ended.signal;
}

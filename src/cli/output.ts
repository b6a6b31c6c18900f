import { Presets, SingleBar } from 'cli-progress';

export interface Bar {
  readonly update: (done: number, total: number, text: string) => void;
  readonly stop: () => void;
}

const PLAIN_EVERY_MS = 2_000;

/** A bar on a terminal; elsewhere a line now and then, on standard error, so that standard output stays what was asked for. */
export function createBar(what: string): Bar {
  if (!process.stderr.isTTY) return createPlainBar(what);
  const bar = new SingleBar(
    {
      format: `${what} [{bar}] {percentage}% {text}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update: (done, total, text) => {
      if (!started) bar.start(total, done, { text });
      started = true;
      bar.setTotal(total);
      bar.update(done, { text });
    },
    stop: () => bar.stop(),
  };
}

function createPlainBar(what: string): Bar {
  let shownAt = Number.NEGATIVE_INFINITY;
  return {
    update: (done, total, text) => {
      const now = performance.now();
      if (now - shownAt < PLAIN_EVERY_MS && done < total) return;
      shownAt = now;
      console.error(`${what}: ${total === 0 ? 100 : Math.floor((100 * done) / total)} % ${text}`);
    },
    stop: () => undefined,
  };
}

/** One JSON object for scripts, or lines for people. */
export function print(json: boolean, value: object, lines: readonly string[]): void {
  console.log(json ? JSON.stringify(value) : lines.join('\n'));
}

/** Aborts at the first Ctrl-C or SIGTERM; the second ends the process at once. */
export function interruptible(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      console.error('Stopping … once more ends it at once.');
      stop.abort();
    });
  }
  return stop.signal;
}

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { AppError } from '../kit/errors.ts';
import { createHistory, joinHistories } from './history.ts';
import { type LoadPlan, type LoadProgress, type LoadReport, runLoad } from './load.ts';
import type { FromPart, ToPart } from './load-part.ts';
import { type LoadCounts, mergeCounts, mergeTallies, toReport } from './load-tally.ts';
import { createRandom } from './random.ts';

const PART = fileURLToPath(new URL('./load-part.ts', import.meta.url));
// So that neighbouring seeds give no neighbouring parts (Weyl sequence).
const SEED_STEP = 0x9e3779b9;

export interface FleetOptions extends LoadPlan {
  readonly processes: number;
  readonly seed: number;
  /** The file; with several processes made of `<file>.part1` and so on at the end. */
  readonly history: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LoadProgress) => void;
}

/**
 * One run in one process or several, each with its share of the instants, its seed and its part of the history; all
 * their counts are added, the latencies bucket by bucket. Rejects where a process fails: the parts of the history stay.
 */
export async function runFleet(options: FleetOptions): Promise<LoadReport> {
  if (options.processes === 1) return runAlone(options);
  const { processes, seed, history, signal, onProgress, ...plan } = options;
  const parts = Array.from({ length: processes }, startPart);
  const stop = () => parts.forEach(({ child }) => void tell(child, { stop: true }));
  const view = setInterval(() => showProgress(parts, onProgress), 1_000);
  try {
    await Promise.all(parts.map((part) => part.ready));
    signal.addEventListener('abort', stop, { once: true });
    for (const [index, { child }] of parts.entries()) {
      const share = { index, of: processes };
      const partSeed = (seed + index * SEED_STEP) >>> 0;
      tell(child, { start: { ...plan, share, seed: partSeed, history: partOf(history, index) } });
    }
    if (signal.aborted) stop();
    // One that failed stops the others, so that their parts are whole and its failure is told now.
    for (const { done } of parts) done.catch(stop);
    const ends = await Promise.allSettled(parts.map((part) => part.done));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
    const files = parts.map((_, index) => partOf(history, index));
    await joinHistories(files, history);
    return toReport(mergeCounts(ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))));
  } finally {
    clearInterval(view);
    signal.removeEventListener('abort', stop);
    for (const { child } of parts) if (child.connected) child.disconnect();
    await Promise.all(parts.map((part) => part.gone));
  }
}

async function runAlone({ seed, history: path, ...options }: FleetOptions): Promise<LoadReport> {
  const history = createHistory(path);
  return runLoad({ ...options, history, random: createRandom(seed) }).finally(() => history.close());
}

interface Part {
  readonly child: ChildProcess;
  /** Resolves when it can begin, so that all of them begin together. */
  readonly ready: Promise<void>;
  readonly done: Promise<LoadCounts>;
  readonly gone: Promise<unknown>;
  latest?: LoadProgress;
}

function startPart(_: unknown, index: number): Part {
  const child = fork(PART, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [ready, done] = [Promise.withResolvers<void>(), Promise.withResolvers<LoadCounts>()];
  const gone = new Promise((resolve) => child.once('exit', resolve).once('error', resolve));
  const part: Part = { child, ready: ready.promise, done: done.promise, gone };
  const fail = (error: Error) => {
    ready.reject(error);
    done.reject(error);
  };
  // Both are looked at, but perhaps one after the other.
  ready.promise.catch(() => undefined);
  done.promise.catch(() => undefined);
  child.on('message', (message: FromPart) => {
    if ('ready' in message) ready.resolve();
    else if ('progress' in message) part.latest = message.progress;
    else if ('failed' in message)
      fail(new AppError('unavailable', `Generator ${index + 1} of the load failed: ${message.failed}`));
    else done.resolve(message.done);
  });
  child.once('error', fail);
  child.once('exit', (code, signal) => {
    const how = signal ?? `exit code ${code}`;
    const lost =
      'The others were stopped; what each knew is in its part of the history, of the dead one all but the last lines.';
    fail(
      new AppError(
        'unavailable',
        `Generator ${index + 1} of the load ended before its time (${how}). ${lost}`,
      ),
    );
  });
  return part;
}

function tell(child: ChildProcess, message: ToPart): void {
  // A child that is just gone is told of by its exit.
  if (child.connected) child.send(message, () => undefined);
}

function partOf(history: string, index: number): string {
  return `${history}.part${index + 1}`;
}

function showProgress(parts: readonly Part[], show: (progress: LoadProgress) => void): void {
  const all = parts.flatMap((part) => part.latest ?? []);
  if (all.length === parts.length) show(mergeProgress(all));
}

function mergeProgress(all: readonly LoadProgress[]): LoadProgress {
  const sum = (pick: (progress: LoadProgress) => number) => all.reduce((total, one) => total + pick(one), 0);
  return {
    done: sum((one) => one.done),
    of: sum((one) => one.of),
    inFlight: sum((one) => one.inFlight),
    waiting: sum((one) => one.waiting),
    seconds: Math.max(...all.map((one) => one.seconds)),
    tally: mergeTallies(all.map((one) => one.tally)),
  };
}

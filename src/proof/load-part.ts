/**
 * One of several generators of a run, as a child of `load-fleet.ts`, which tells what to do and when to stop. It ends
 * its part, history too, when that process is gone.
 */
import { createHistory } from './history.ts';
import { countLoad, type LoadPlan, type LoadProgress } from './load.ts';
import type { LoadCounts } from './load-tally.ts';
import { createRandom } from './random.ts';

export interface PartPlan extends LoadPlan {
  readonly seed: number;
  readonly history: string;
}

export type ToPart = { readonly start: PartPlan } | { readonly stop: true };

export type FromPart =
  | { readonly ready: true }
  | { readonly progress: LoadProgress }
  | { readonly done: LoadCounts }
  | { readonly failed: string };

const stop = new AbortController();
// A terminal's Ctrl-C reaches the children too; when to stop is their parent's to say.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => stop.abort());
process.on('disconnect', () => stop.abort());
process.on('message', (message: ToPart) => {
  if ('stop' in message) stop.abort();
  else void run(message.start);
});
tell({ ready: true });

async function run({ seed, history: path, ...plan }: PartPlan): Promise<void> {
  try {
    const history = createHistory(path);
    const done = await countLoad({
      ...plan,
      history,
      random: createRandom(seed),
      signal: stop.signal,
      onProgress: (progress) => tell({ progress }),
    }).finally(() => history.close());
    tell({ done });
  } catch (error) {
    tell({ failed: (error as Error).message });
  }
  // Alive until the other side lets go: an exit could overtake what was just told.
}

function tell(message: FromPart): void {
  // One whose parent is gone has nobody to tell; its history is written all the same.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

import type { MountedOrder, MountedWord } from './own-mounts.ts';
import { runScenarioIn } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

// The process that `runInOwnMounts` starts: one scenario, told and reported over IPC.
const stop = new AbortController();
const say = (word: MountedWord) => void process.send?.(word);

let told = false;
// Whoever ordered it is gone: what it started ends with it.
process.on('disconnect', () => process.exit(told ? 0 : 1));
process.on('message', (order: MountedOrder | 'stop') => {
  if (order === 'stop') stop.abort();
  else void run(order);
});

async function run({ name, dir, seed, sizes }: MountedOrder): Promise<void> {
  try {
    const scenario = SCENARIOS.find((one) => one.name === name)!;
    const report = await runScenarioIn(dir, scenario, {
      ...sizes,
      seed,
      signal: stop.signal,
      onProgress: (...progress) => say({ progress }),
    });
    finish({ report });
  } catch (error) {
    finish({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function finish(word: MountedWord): void {
  process.send?.(word, () => {
    told = true;
    process.disconnect();
  });
}

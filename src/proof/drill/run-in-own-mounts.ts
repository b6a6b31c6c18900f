import type { MountedOrder, MountedWord } from './own-mounts.ts';
import { runScenarioIn } from './run-scenario.ts';
import { SCENARIOS } from './scenarios.ts';

// The process that `runInOwnMounts` starts: one scenario, told and reported over IPC.
const stop = new AbortController();
const say = (word: MountedWord) => void process.send?.(word);

process.on('disconnect', () => process.exit(1));
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
    say({ report });
  } catch (error) {
    say({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  } finally {
    process.disconnect();
  }
}

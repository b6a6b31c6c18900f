import { sleep } from '../../kit/wait.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import type { Scenario } from './scenario.ts';
import { toSpread } from './spread.ts';

const KILLS = 200;
const RATE = 2_000;
const SERVING_MS = 2_000;
const LEAST_PAUSE_MS = 50;
const MOST_PAUSE_MS = 1_500;
/** Share of the kills that come again while the server starts. */
const WHILE_STARTING = 0.1;
const STARTING_MS = 600;

/** Crash-only ingest: the server is killed at random moments, also while it starts; clients repeat with the same id. */
export const killServer: Scenario = {
  name: 'kill-server',
  title: 'kill -9 of the server at random moments under load; clients repeat what failed',
  run: async (rig, { kills = KILLS, rate = RATE, signal, onProgress }) => {
    const { server, random } = rig;
    const servingMs = [await server.start()];
    const load = rig.startLoad({ rate, campaigns: await rig.makeCampaigns(3) });
    let done = 0;
    for (; done < kills && !signal.aborted; done += 1) {
      onProgress(done, kills, `${done} of ${kills} kills`);
      await sleep(LEAST_PAUSE_MS + random() * MOST_PAUSE_MS, signal);
      await server.end('SIGKILL');
      if (random() < WHILE_STARTING) {
        server.launch();
        await sleep(random() * STARTING_MS);
        await server.end('SIGKILL');
      }
      servingMs.push(await server.start());
    }
    const report = await load.stop();
    onProgress(done, done, `${done} kills`);
    // The first start makes a cluster: that is no restart.
    const restarts = servingMs.slice(1);
    const slow = restarts.filter((ms) => ms > SERVING_MS).length;
    return {
      violations:
        done > 0 && report.tries === report.events ? ['no try ever failed: nothing was broken'] : [],
      figures: { kills: done, rate, serving_again_ms: toSpread(restarts), load: toFigures(report) },
      notes: [
        ...(slow > 0 ? [`${slow} of ${restarts.length} restarts took longer than ${SERVING_MS} ms`] : []),
        ...describeSlowness(report, rate),
      ],
    };
  },
};

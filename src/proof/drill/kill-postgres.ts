import { sleep } from '../../kit/wait.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import type { PostgresPart } from './postgres-processes.ts';
import { startProbe } from './probe.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import { toSpread } from './spread.ts';
import { findWrongAnswers } from './wrong-answers.ts';

const KILLS = 50;
const RATE = 1_000;
const PARTS: readonly PostgresPart[] = ['postmaster', 'log', 'backend'];
const LEAST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 1_500;
const RECOVERY_LIMIT_MS = 60_000;
const FIRST_OK_MS = 3_000;

/** The database's processes are killed under a server that stays: clients are told to come again, and nothing is lost. */
export const killPostgres: Scenario = {
  name: 'kill-postgres',
  title:
    'kill -9 of processes of its PostgreSQL under load; the server stays, its supervisor brings the database back',
  run: async (rig, { kills = KILLS, rate = RATE, signal, onProgress }) => {
    await rig.server.start();
    const [probed, ...campaigns] = await rig.makeCampaigns(4);
    const load = rig.startLoad({ rate, campaigns });
    const probe = startProbe(rig.server.url, probed!);
    const killed: Kill[] = [];
    while (killed.length < kills && !signal.aborted) {
      onProgress(killed.length, kills, `${killed.length} of ${kills} kills`);
      await sleep(LEAST_PAUSE_MS + rig.random() * MOST_PAUSE_MS, signal);
      killed.push(await killOne(rig));
    }
    const report = await load.stop();
    const seen = await probe.stop();
    onProgress(killed.length, killed.length, `${killed.length} kills`);
    const slow = killed.filter((kill) => kill.firstOkMs > FIRST_OK_MS).length;
    return {
      violations: [
        ...findWrongAnswers(report, seen),
        ...(killed.length > 0 && report.tries === report.events
          ? ['no try ever failed: nothing was broken']
          : []),
      ],
      figures: {
        kills: Object.fromEntries(
          PARTS.map((part) => [part, killed.filter((kill) => kill.part === part).length]),
        ),
        rate,
        accepts_again_ms: toSpread(killed.map((kill) => kill.acceptsMs)),
        first_2xx_after_ms: toSpread(killed.map((kill) => kill.firstOkMs)),
        probe: { requests: seen.requests, longest_ms: seen.longest_ms, timeouts: seen.timeouts },
        load: toFigures(report),
      },
      notes: [
        ...(slow > 0
          ? [`${slow} of ${killed.length} times the first 2xx took longer than ${FIRST_OK_MS} ms`]
          : []),
        ...describeSlowness(report, rate),
      ],
    };
  },
};

interface Kill {
  readonly part: PostgresPart;
  /** From the kill until it takes connections. */
  readonly acceptsMs: number;
  /** From there to the first acknowledgement. */
  readonly firstOkMs: number;
}

async function killOne({ postgres, history, random }: Rig): Promise<Kill> {
  const part = PARTS[Math.floor(random() * PARTS.length)]!;
  const killedAt = performance.now();
  const since = Date.now();
  await postgres.signal(part, 'SIGKILL', random);
  const acceptsAt = await postgres.acceptingSince(since, RECOVERY_LIMIT_MS);
  const okAt = await history.next(RECOVERY_LIMIT_MS);
  if (okAt === undefined)
    throw new Error(`no event was acknowledged ${RECOVERY_LIMIT_MS} ms after PostgreSQL was back`);
  return { part, acceptsMs: acceptsAt - killedAt, firstOkMs: okAt - acceptsAt };
}

import { sleep } from '../../kit/wait.ts';
import type { LoadReport } from '../load.ts';
import type { DrillEngines } from './lent-engines.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import { type OrderReport, startOrderedWriter } from './ordered-writer.ts';
import { type ProbeReport, startProbe } from './probe.ts';
import type { Rig } from './rig.ts';
import type { Scenario } from './scenario.ts';
import { shuffle } from './shuffle.ts';
import { toSpread } from './spread.ts';
import { findWrongAnswers } from './wrong-answers.ts';

const KILLS = 20;
const FREEZES = 20;
const FROZEN_SECONDS = 5;
const RATE = 300;
const LEAST_PAUSE_MS = 100;
const MOST_PAUSE_MS = 800;
const AWAY_MS = 500;
const BACK_LIMIT_MS = 60_000;
const LONGEST_MS = 3_000;

/** A broker that leads partitions goes under load; the others take over, and it comes back. */
export const kafkaLeader: Scenario = {
  name: 'kafka-leader',
  title:
    'kill -9 and freeze of brokers that lead partitions, under load; one writer’s own order is read back from each partition',
  engines: ['kafka', 'control'],
  run: async (rig, options) => {
    const { kills = KILLS, rounds = FREEZES, rate = RATE, signal, onProgress } = options;
    const frozenMs = (options.seconds ?? FROZEN_SECONDS) * 1_000;
    const engines = rig.engines();
    await rig.server.start();
    const [probed, ordered, ...campaigns] = await rig.makeCampaigns(5);
    const load = rig.startLoad({ rate, campaigns });
    const probe = startProbe(rig.server.url, probed!);
    const writer = await startOrderedWriter(engines.kafka, ordered!);
    const breaks = shuffle<Break>(
      [...Array<Break>(kills).fill('kill'), ...Array<Break>(rounds).fill('freeze')],
      rig.random,
    );
    const okAfter: Record<Break, number[]> = { kill: [], freeze: [] };
    let ended: [LoadReport, ProbeReport, OrderReport];
    try {
      for (const [at, how] of breaks.entries()) {
        if (signal.aborted) break;
        onProgress(at, breaks.length, `${at} of ${breaks.length} breaks`);
        await sleep(LEAST_PAUSE_MS + rig.random() * MOST_PAUSE_MS, signal);
        okAfter[how].push(await breakLeader(rig, engines, how, how === 'kill' ? AWAY_MS : frozenMs));
      }
    } finally {
      ended = await Promise.all([load.stop(), probe.stop(), writer.stop()]);
    }
    const [report, seen, order] = ended;
    onProgress(breaks.length, breaks.length, `${breaks.length} breaks`);
    return {
      violations: [
        ...findWrongAnswers(report, seen),
        ...findDisorder(order),
        ...(report.tries === report.events ? ['no try ever failed: nothing was broken'] : []),
      ],
      figures: {
        brokers: engines.brokers.length,
        kills: okAfter.kill.length,
        freezes: okAfter.freeze.length,
        frozen_ms: frozenMs,
        rate,
        first_2xx_after_kill_ms: toSpread(okAfter.kill),
        first_2xx_after_freeze_ms: toSpread(okAfter.freeze),
        order,
        longest_ms: seen.longest_ms,
        load: toFigures(report),
      },
      notes: [
        ...(seen.longest_ms > LONGEST_MS ? [`a request took ${seen.longest_ms} ms`] : []),
        ...describeSlowness(report, rate),
      ],
    };
  },
};

type Break = 'kill' | 'freeze';

/** Milliseconds until an event was acknowledged again. A broker that is alone must be back before that. */
async function breakLeader(rig: Rig, engines: DrillEngines, how: Break, awayMs: number): Promise<number> {
  const partition = Math.floor(rig.random() * engines.kafka.partitions);
  const leader = await engines.findLeader(partition);
  const brokenAt = performance.now();
  await engines.control(how, leader);
  let okAt: number | undefined;
  try {
    const others = engines.brokers.length > 1;
    [okAt] = await Promise.all([others ? rig.history.next(BACK_LIMIT_MS) : undefined, sleep(awayMs)]);
  } finally {
    await engines.control(how === 'kill' ? 'start' : 'thaw', leader);
  }
  okAt ??= await rig.history.next(BACK_LIMIT_MS);
  await engines.inSync();
  if (okAt === undefined) throw new Error(`no event was acknowledged in ${BACK_LIMIT_MS} ms`);
  return okAt - brokenAt;
}

function findDisorder({ lost, double, out_of_order, refused_there }: OrderReport): string[] {
  return [
    ...(lost > 0 ? [`${lost} acknowledged appends of one writer are not in the log`] : []),
    ...(double > 0 ? [`${double} appends of one writer are in the log twice`] : []),
    ...(out_of_order > 0
      ? [`${out_of_order} appends of one writer are out of order in their partition`]
      : []),
    ...(refused_there > 0 ? [`${refused_there} appends that were refused are in the log`] : []),
  ];
}

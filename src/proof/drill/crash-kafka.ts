import type { Failpoint } from '../../kit/failpoint.ts';
import { createCrashes } from './crash.ts';
import { describeSlowness, toFigures } from './load-figures.ts';
import type { Scenario } from './scenario.ts';
import { shuffle } from './shuffle.ts';

const ROUNDS = 20;
const RATE = 500;

/** Steps of a server whose log is Kafka, with the hit at which it ends: up to this one. */
const STEPS: Readonly<Partial<Record<Failpoint, number>>> = {
  'send.before': 30,
  'send.after-answer': 30,
  'queue.between-groups': 30,
  'ingest.before-answer': 100,
  'count.before-positions': 10,
  'rows.before-write': 10,
  'rows.after-write': 10,
  'rows.before-commit': 10,
  'rows.after-commit': 10,
};

/** SIGKILL around the send to Kafka, and in the transaction that counts out of it, while clients send and repeat. */
export const crashKafka: Scenario = {
  name: 'crash-at-kafka-steps',
  title: 'kill -9 at each named step with Kafka as the log: sending, answering, raw rows, counters, position',
  engines: ['kafka'],
  run: async (rig, { rounds = ROUNDS, rate = RATE, signal, onProgress }) => {
    const crashes = createCrashes(rig);
    await rig.server.start();
    const load = rig.startLoad({ rate, campaigns: await rig.makeCampaigns(3) });
    const points = Object.keys(STEPS) as Failpoint[];
    let done = 0;
    for (; done < rounds && !signal.aborted; done += 1) {
      onProgress(done, rounds, `round ${done + 1} of ${rounds}`);
      for (const point of shuffle(points, rig.random))
        await crashes.server(point, 1 + Math.floor(rig.random() * STEPS[point]!));
    }
    await rig.server.start();
    const report = await load.stop();
    onProgress(done, done, `${done} rounds`);
    const missed = points.filter((point) => crashes.hits[point]! < done);
    return {
      violations: [
        ...crashes.violations,
        ...missed.map((point) => `${point} was hit ${crashes.hits[point]} times in ${done} rounds`),
      ],
      figures: {
        rounds: done,
        hits: Object.fromEntries(points.map((point) => [point, crashes.hits[point]])),
        rate,
        load: toFigures(report),
      },
      notes: describeSlowness(report, rate),
    };
  },
};

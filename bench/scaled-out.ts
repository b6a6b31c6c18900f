import { randomBytes } from 'node:crypto';
import { clientOptions, loadKafka } from '../src/engines/kafka/kafka-client.ts';
import { type Bench, type Figure, type Round, type Row, toRow } from './figure.ts';
import type { Lent } from './lent.ts';
import { BATCH, openScaledLine, type ScaledLine } from './scaled-line.ts';

const DRAIN_SECONDS = 1;
const PARTITIONS = 6;

/** What one round gave of one log, in events a second. */
interface Measured {
  readonly single: number;
  readonly batch: number;
  readonly one: number;
  readonly two: number;
}

/** The same server on PostgreSQL's log and on Kafka: ingest alone, then what one and two aggregators drain. */
export const scaledOut: Figure = {
  name: 'scaled',
  uses: [],
  whyNot: ({ kafka }) => (kafka.length > 0 ? undefined : 'no Kafka: --kafka or BENCH_KAFKA_BROKERS'),
  run: async (bench) => {
    const topic = `weir-bench-${randomBytes(6).toString('hex')}`;
    const replication = Math.min(3, bench.lent.kafka.length);
    const postgres = await openScaledLine({});
    const kafka = await openScaledLine({
      KAFKA_BROKERS: bench.lent.kafka.join(','),
      KAFKA_TOPIC: topic,
      KAFKA_PARTITIONS: String(PARTITIONS),
      KAFKA_REPLICATION: String(replication),
    }).catch(async (error: unknown) => {
      await postgres.close();
      throw error;
    });
    try {
      const rounds: { postgres: Measured; kafka: Measured }[] = [];
      for (let round = 0; round <= bench.plan.rounds; round += 1) {
        const measured = await measureRound(bench, round, postgres, kafka);
        if (round > 0) rounds.push(measured);
      }
      return toRows(
        rounds,
        `${bench.lent.kafka.length} broker(s), ${replication} copies, ${PARTITIONS} partitions`,
      );
    } finally {
      await kafka.close();
      await postgres.close();
      await dropTopic(bench.lent, topic);
    }
  },
};

/** One log after the other in each step, so that whatever else the machine does meets both. */
async function measureRound(
  { plan, progress }: Bench,
  round: number,
  postgres: ScaledLine,
  kafka: ScaledLine,
) {
  const both = async (what: string, run: (line: ScaledLine) => Promise<number>) => {
    progress(round, plan.rounds + 1, `${what}: ${round === 0 ? 'warming up' : `round ${round}`}`);
    return [await run(postgres), await run(kafka)] as const;
  };
  const drain = (aggregators: number) => async (line: ScaledLine) => (await line.drain(aggregators)).rate;
  const single = await both('single events', async (line) => (await line.shoot('single', plan.seconds)).rate);
  await both('counting what is left', drain(1));
  const batch = await both(
    'batches',
    async (line) => (await line.shoot('batch', DRAIN_SECONDS)).rate * BATCH,
  );
  const one = await both('one aggregator', drain(1));
  await both('batches', async (line) => (await line.shoot('batch', DRAIN_SECONDS)).rate);
  const two = await both('two aggregators', drain(2));
  const of = (at: 0 | 1): Measured => ({ single: single[at], batch: batch[at], one: one[at], two: two[at] });
  return { postgres: of(0), kafka: of(1) };
}

function toRows(rounds: readonly { postgres: Measured; kafka: Measured }[], kafkaIs: string): Row[] {
  const row = (
    title: string,
    bar: number,
    toRound: (round: { postgres: Measured; kafka: Measured }) => Round,
    note: string,
  ) =>
    toRow({
      title,
      unit: 'events/s',
      rounds: rounds.map(toRound),
      bar: { side: 'least', value: bar },
      notes: [note],
    });
  const ingest = `floor: the same server on PostgreSQL’s log; nobody counts meanwhile; ${kafkaIs}`;
  const drained = 'floor: single events of the same round; what waited came in batches';
  const doubled = 'floor: one aggregator of the same round';
  return [
    row(
      'Kafka, single events',
      0.8,
      (one) => ({ floor: one.postgres.single, weir: one.kafka.single }),
      ingest,
    ),
    row(
      `Kafka, batches of ${BATCH}`,
      0.8,
      (one) => ({ floor: one.postgres.batch, weir: one.kafka.batch }),
      ingest,
    ),
    ...(['postgres', 'kafka'] as const).flatMap((log) => [
      row(
        `${log}: drained by one aggregator`,
        3,
        (one) => ({ floor: one[log].single, weir: one[log].one }),
        drained,
      ),
      row(`${log}: drained by two`, 1.6, (one) => ({ floor: one[log].one, weir: one[log].two }), doubled),
    ]),
  ];
}

async function dropTopic({ kafka: brokers }: Lent, topic: string): Promise<void> {
  const kafka = await loadKafka();
  const settings = { brokers, topic, partitions: 1, replication: 1, sasl: undefined, tls: undefined };
  const admin = new kafka.Admin(clientOptions(settings));
  await admin.deleteTopics({ topics: [topic] }).catch(() => undefined);
  await admin.close();
}

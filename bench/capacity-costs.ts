import { randomUUID } from 'node:crypto';
import type { Db } from '../src/db/pool.ts';
import { openPostgresLog } from '../src/engines/postgres/postgres-log.ts';
import type { Event } from '../src/events/event.ts';
import { systemClock } from '../src/kit/clock.ts';
import { countUntilDry, startAggregator } from '../src/pipeline/aggregate/index.ts';
import type { EventLog } from '../src/ports/event-log.ts';
import { createRandom } from '../src/proof/random.ts';
import {
  BATCH,
  BUSY,
  type Costs,
  type CountingCosts,
  fitCosts,
  sumCosts,
  type Touched,
} from './capacity-model.ts';
import { shoot } from './clients.ts';
import { createResources } from './resources.ts';
import { createSampleEvents } from './sample-events.ts';
import { benchLog, cpuMicros, openBenchPool, openScratchPostgres } from './scratch-postgres.ts';

const GROUP = 500;
/** Campaigns, actors and events of a batch, far apart in each; every one is measured several times. */
const POINTS = [
  [1, 50, BATCH],
  [1, 100_000, BATCH],
  [50, 20_000, BATCH],
  [400, 500, BATCH],
  [2_000, 5, BATCH],
  [2_000, 50_000, BATCH],
  [1, 50, 500],
  [400, 5, 500],
  [2_000, 50_000, 1_000],
] as const;
const ROUNDS = 6;

export interface Check {
  readonly what: string;
  readonly unit: string;
  readonly predicted: number;
  readonly measured: number;
}

interface Bench {
  readonly db: Db;
  readonly log: EventLog;
  readonly writer: number;
  readonly counter: number;
  readonly seen: Set<string>;
}

interface Counted {
  readonly touched: Touched;
  readonly micros: number;
  readonly bytes: number;
}

/** Costs of this machine, and how well they predict what was not used to find them. Takes about a minute. */
export async function measureCosts(
  progress: (text: string) => void,
): Promise<{ readonly costs: Costs; readonly checks: readonly Check[] }> {
  progress('API');
  const api = await measureApi();
  const server = await openScratchPostgres();
  const { url, db: watcher, close } = await server.openDatabase();
  const db = openBenchPool(url, 1);
  const log = await openPostgresLog({ db, directUrl: url, clock: systemClock, log: benchLog, writes: true });
  try {
    const [own] = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
    const [lane] = await watcher.query<{ pid: number }>(
      `select pid from pg_stat_activity where application_name = 'weir-log' and datname = current_database()`,
    );
    const bench = { db, log, writer: lane!.pid, counter: own!.pid, seen: new Set<string>() };
    progress('counting');
    const points = await measurePoints(bench);
    const counting = toCosts(points, ({ micros }) => micros);
    const countBytes = toCosts(points, ({ bytes }) => bytes);
    progress('log');
    const kept = await measureLog(bench);
    const costs = {
      apiMicros: api.micros,
      logMicros: kept.micros,
      counting,
      logBytes: kept.bytes,
      countBytes,
    };
    progress('checks');
    const checks = [...(await checkCounting(bench, costs)), await checkWhole(bench, costs, kept.nodeMicros)];
    return { costs, checks };
  } finally {
    await log.close();
    await db.close();
    await close();
    await server.close();
  }
}

/** Processor time of the server's one thread for a single-event request. */
async function measureApi(): Promise<{ micros: number }> {
  const { server } = createResources(0);
  try {
    const { weir, makeCampaign } = await server.open(() => undefined);
    const body = JSON.stringify({ type: 'view', campaign_id: await makeCampaign('capacity') });
    const shot = { url: weir.url, method: 'POST', path: '/api/events', body, connections: 64 } as const;
    await shoot({ ...shot, seconds: 2 });
    const before = cpuMicros(weir.child.pid!);
    const seconds = 5;
    const { rate } = await shoot({ ...shot, seconds });
    return { micros: (cpuMicros(weir.child.pid!) - before) / (rate * seconds) };
  } finally {
    await server.close();
  }
}

async function measurePoints(bench: Bench): Promise<Counted[]> {
  const makers = POINTS.map(([campaigns, actors, events]) => ({
    make: createEvents(campaigns, actors),
    events,
  }));
  const points: Counted[] = [];
  // In turns, so that whatever else the machine does meets all of them. The first one only warms up.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const { make, events } of makers) {
      const point = await countOnce(bench, make(events));
      if (round > 0) points.push(point);
    }
  }
  return points;
}

/** Any campaign and any actor alike. */
function createEvents(campaigns: number, actors: number): (count: number) => Event[] {
  const random = createRandom(campaigns * 31 + actors);
  const ids = Array.from({ length: actors }, () => randomUUID());
  const sample = createSampleEvents(1, actors);
  return (count) =>
    sample(count).map((event) => ({
      ...event,
      subject: { kind: 'campaign', id: 1 + Math.floor(random() * campaigns) },
      actor: ids[Math.floor(random() * actors)]!,
    }));
}

async function append(log: EventLog, events: readonly Event[]): Promise<void> {
  for (let at = 0; at < events.length; at += GROUP) await log.append(events.slice(at, at + GROUP));
}

async function countOnce({ db, log, counter, seen }: Bench, events: readonly Event[]): Promise<Counted> {
  await append(log, events);
  const touched = { events: events.length, counterRows: 0, actorRows: 0 };
  for (let at = 0; at < events.length; at += BATCH) {
    const batch = events.slice(at, at + BATCH);
    touched.counterRows += 3 * new Set(batch.map(({ subject }) => subject.id)).size;
    for (const { subject, actor, type, occurredAt } of batch) {
      const row = `${subject.id} ${actor} ${type} ${Math.floor(occurredAt / 900_000)}`;
      if (!seen.has(row)) touched.actorRows += 1;
      seen.add(row);
    }
  }
  const walBefore = await walBytes(db);
  const before = cpuMicros(counter);
  await countUntilDry({ db, log, logger: benchLog });
  const micros = cpuMicros(counter) - before;
  return { touched, micros, bytes: (await walBytes(db)) - walBefore };
}

async function walBytes(db: Db): Promise<number> {
  const [row] = await db.query<{ bytes: number }>(
    `select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes`,
  );
  return row!.bytes;
}

function toCosts(points: readonly Counted[], pick: (point: Counted) => number): CountingCosts {
  // As shares: a small batch is as true as a large one.
  const rows = points.map(({ touched, ...one }) =>
    [1, touched.events, touched.counterRows, touched.actorRows].map(
      (part) => part / pick({ touched, ...one }),
    ),
  );
  const [batch, event, counterRow, actorRow] = fitCosts(
    rows,
    points.map(() => 1),
  );
  return { batch: batch!, event: event!, counterRow: counterRow!, actorRow: actorRow! };
}

async function measureLog({ db, log, writer }: Bench) {
  const events = createSampleEvents(1_000, 7)(40_000);
  await append(log, events.slice(0, 10_000));
  const measured = events.slice(10_000);
  const walBefore = await walBytes(db);
  const [before, usedBefore] = [cpuMicros(writer), process.cpuUsage()];
  await append(log, measured);
  const used = process.cpuUsage(usedBefore);
  return {
    micros: (cpuMicros(writer) - before) / measured.length,
    nodeMicros: (used.user + used.system) / measured.length,
    bytes: ((await walBytes(db)) - walBefore) / measured.length,
  };
}

/** Counting of a mixture that no point had: few campaigns get most events. */
async function checkCounting(bench: Bench, costs: Costs): Promise<Check[]> {
  await countUntilDry({ db: bench.db, log: bench.log, logger: benchLog });
  const make = createSampleEvents(700, 99);
  await countOnce(bench, make(BATCH));
  const { touched, micros, bytes } = await countOnce(bench, make(8 * BATCH));
  const predict = (of: CountingCosts) => (sumCosts(of, touched) + 7 * of.batch) / touched.events;
  const per = (all: number) => all / touched.events;
  return [
    {
      what: 'counting, skewed campaigns',
      unit: 'µs an event',
      predicted: predict(costs.counting),
      measured: per(micros),
    },
    {
      what: 'counting, skewed campaigns',
      unit: 'WAL bytes an event',
      predicted: predict(costs.countBytes),
      measured: per(bytes),
    },
  ];
}

const WHOLE = 200_000;

/** Keeping and counting at once, as fast as they go, beside what the model calls as busy as a server should be. */
async function checkWhole({ db, log, seen }: Bench, costs: Costs, nodeMicros: number): Promise<Check> {
  const { availableParallelism } = await import('node:os');
  const events = createSampleEvents(700, 5)(WHOLE);
  const campaigns = new Set(events.slice(0, BATCH).map(({ subject }) => subject.id)).size;
  const pairs = new Set(events.map(({ subject, actor, type }) => `${subject.id} ${actor} ${type}`)).size;
  seen.clear();
  const touched = { events: BATCH, counterRows: 3 * campaigns, actorRows: (pairs / WHOLE) * BATCH };
  const counting = sumCosts(costs.counting, touched) / BATCH;
  const all = [costs.logMicros, counting, nodeMicros];
  const predicted =
    (BUSY * 1e6) / Math.max(...all, all.reduce((sum, one) => sum + one, 0) / availableParallelism());
  const aggregator = startAggregator({ db, log, logger: benchLog });
  const startedAt = performance.now();
  let next = 0;
  const send = async () => {
    for (let at = next; at < WHOLE; at = next) {
      next += GROUP;
      await log.append(events.slice(at, at + GROUP));
    }
  };
  await Promise.all(Array.from({ length: 8 }, send));
  await aggregator.close();
  await countUntilDry({ db, log, logger: benchLog });
  const measured = WHOLE / ((performance.now() - startedAt) / 1_000);
  return { what: 'keeping and counting at once, one process', unit: 'events/s', predicted, measured };
}

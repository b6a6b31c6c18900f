import { openEmbeddedPostgres } from '../src/db/embedded/index.ts';
import { openPostgresLog } from '../src/engines/postgres/postgres-log.ts';
import type { Event } from '../src/events/event.ts';
import { systemClock } from '../src/kit/clock.ts';
import { countUntilDry } from '../src/pipeline/aggregate/index.ts';
import { alternate, type Figure, toRow } from './figure.ts';
import { createSampleEvents } from './sample-events.ts';
import { benchLog, cpuMicros, openBenchPool } from './scratch-postgres.ts';
import { CAMPAIGNS } from './stored-events.ts';

const EVENTS = 40_000;
/** As many as an import sends at once. */
const APPENDED = 1_000;

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** The very same new events, counted in a database that holds a tenth of the rows and in the large one. */
export const countingCost: Figure = {
  name: 'counting',
  uses: ['stored'],
  run: async (bench) => {
    const stored = await bench.resources.stored.open(bench.progress);
    const server = await openEmbeddedPostgres({ dataDir: stored.dataDir, log: benchLog, role: 'command' });
    const small = await openCounter(stored.urlOf('small', server.url));
    const large = await openCounter(stored.urlOf('large', server.url));
    const makeEvents = createSampleEvents(CAMPAIGNS);
    let events: Event[] = [];
    try {
      const costs = await alternate(
        bench,
        'counting',
        () => {
          events = makeEvents(Math.min(EVENTS, stored.rows));
          return small.count(events);
        },
        () => large.count(events),
      );
      const bar = { side: 'most', value: 1.2 } as const;
      const filled = `filled in ${Math.round(stored.seconds)} s: ${stored.rows} rows and a tenth of it, both over 30 days`;
      const notes = [`${events.length} new events a round, over ${CAMPAIGNS} campaigns`, filled];
      const of = (unit: string, pick: (cost: Cost) => number) => ({
        unit,
        rounds: costs.map(({ floor, weir }) => ({ floor: pick(floor), weir: pick(weir) })),
        bar,
      });
      const title = 'counting beside ten times the rows';
      return [
        toRow({ title, ...of('µs of processor an event', (cost) => cost.cpu), notes }),
        toRow({ title: `${title}, by the clock`, ...of('µs an event', (cost) => cost.wall) }),
      ];
    } finally {
      await small.close();
      await large.close();
      await server.close();
    }
  },
};

/** Appends to the log of a database as a server does, and counts it on one connection. */
async function openCounter(url: string) {
  const db = openBenchPool(url, 1);
  const log = await openPostgresLog({
    db,
    directUrl: url,
    clock: systemClock,
    log: benchLog,
    writes: true,
  });
  const [backend] = await db.query<{ pid: number }>('select pg_backend_pid() as pid');
  return {
    /** Microseconds an event. */
    count: async (events: readonly Event[]): Promise<Cost> => {
      for (let at = 0; at < events.length; at += APPENDED) await log.append(events.slice(at, at + APPENDED));
      const [before, startedAt] = [cpuMicros(backend!.pid), performance.now()];
      const counted = await countUntilDry({ db, log, logger: benchLog });
      if (counted !== events.length) throw new Error(`${counted} of ${events.length} events were counted.`);
      const wallMicros = (performance.now() - startedAt) * 1_000;
      return { cpu: (cpuMicros(backend!.pid) - before) / counted, wall: wallMicros / counted };
    },
    close: async () => {
      await log.close();
      await db.close();
    },
  };
}

import { randomBytes } from 'node:crypto';
import { loadMongo } from '../src/engines/mongodb/mongo-client.ts';
import { createMongoDays } from '../src/engines/mongodb/mongo-days.ts';
import { toDocument } from '../src/engines/mongodb/mongo-documents.ts';
import { openMongoRaw } from '../src/engines/mongodb/mongo-raw.ts';
import { createLaneReader } from '../src/engines/postgres/lane-reader.ts';
import { openPostgresLog } from '../src/engines/postgres/postgres-log.ts';
import type { Event } from '../src/events/event.ts';
import { systemClock } from '../src/kit/clock.ts';
import { recordRawUntilDry } from '../src/pipeline/raw-recorder/index.ts';
import { alternate, type Figure, toRow } from './figure.ts';
import { createSampleEvents } from './sample-events.ts';
import { benchLog } from './scratch-postgres.ts';

const EVENTS = 30_000;
const APPENDED = 1_000;
const CAMPAIGNS = 50;

/** The recorder from PostgreSQL's log into MongoDB, against the driver's own way in with the same documents. */
export const recordRate: Figure = {
  name: 'mongodb',
  uses: ['postgres'],
  whyNot: ({ mongodb }) => (mongodb === undefined ? 'no MongoDB: --mongodb or BENCH_MONGODB_URL' : undefined),
  run: async (bench) => {
    const postgres = await bench.resources.postgres.open(bench.progress);
    const database = await postgres.openDatabase();
    const { db, url: directUrl } = database;
    const log = await openPostgresLog({ db, directUrl, clock: systemClock, log: benchLog, writes: true });
    const url = new URL(bench.lent.mongodb!);
    url.pathname = `/weir_bench_${randomBytes(6).toString('hex')}`;
    const driver = await loadMongo();
    const floor = await new driver.MongoClient(url.href, {
      writeConcern: { w: 'majority', journal: true },
    }).connect();
    const raw = await openMongoRaw({ url: url.href, log: benchLog });
    const makeEvents = createSampleEvents(CAMPAIGNS);
    let events: Event[] = [];
    const deps = { db, log: createLaneReader(db), recording: raw.recording, logger: benchLog };
    try {
      const samples = await alternate(
        bench,
        'recording',
        async () => {
          events = makeEvents(EVENTS);
          // The same collections with the same indexes, in another database.
          const days = createMongoDays(floor.db(`${url.pathname.slice(1)}_floor`));
          const at = { log: 'postgres', partition: 1 };
          const now = Date.now();
          const byDay = Map.groupBy(events, ({ day }) => day);
          const documents = [...byDay].map(([day, of]) => ({
            day,
            of: of.map((event, position) => toDocument(driver, at, { event, position })),
          }));
          for (const { day } of documents) await days.ensure(day, now, now);
          const startedAt = performance.now();
          for (const { day, of } of documents) await days.collection(day).insertMany(of, { ordered: false });
          return (events.length * 1_000) / (performance.now() - startedAt);
        },
        async () => {
          for (let from = 0; from < events.length; from += APPENDED)
            await log.append(events.slice(from, from + APPENDED));
          const startedAt = performance.now();
          const recorded = await recordRawUntilDry(deps);
          if (recorded !== events.length)
            throw new Error(`${recorded} of ${events.length} events were recorded.`);
          return (recorded * 1_000) / (performance.now() - startedAt);
        },
      );
      return [
        toRow({
          title: 'recorded into MongoDB',
          unit: 'events/s',
          rounds: samples,
          bar: { side: 'least', value: 0.6 },
          notes: [
            `floor: unordered insertMany of the ${EVENTS} documents at one go, majority and journal, the same indexes; made beforehand`,
          ],
        }),
      ];
    } finally {
      await raw.close();
      await floor.db(url.pathname.slice(1)).dropDatabase();
      await floor.db(`${url.pathname.slice(1)}_floor`).dropDatabase();
      await floor.close();
      await log.close();
      await database.close();
    }
  },
};

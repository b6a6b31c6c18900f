import { shoot } from './clients.ts';
import { openCopyFloor } from './copy.ts';
import { alternate, type Bench, type Figure, toRow } from './figure.ts';

const CONNECTIONS = 64;
const BATCH = 500;
const BATCH_CONNECTIONS = 8;

/** One event a request, against a server that parses the same JSON and keeps nothing. */
export const singleEvents: Figure = {
  name: 'single',
  uses: ['server'],
  run: async (bench) => {
    const server = await bench.resources.server.open(bench.progress);
    const body = JSON.stringify({ type: 'view', campaign_id: await server.makeCampaign('single') });
    const run = (url: string) =>
      shoot({
        url,
        method: 'POST',
        path: '/api/events',
        body,
        connections: CONNECTIONS,
        seconds: bench.plan.seconds,
      });
    const samples = await alternate(
      bench,
      'single events',
      () => server.settle().then(() => run(server.floorUrl)),
      () => run(server.weir.url),
    );
    const row = toRow({
      title: 'single events',
      unit: 'requests/s',
      rounds: samples.map(({ floor, weir }) => ({ floor: floor.rate, weir: weir.rate })),
      bar: { side: 'least', value: 0.35, aim: 0.5 },
    });
    server.capacity = row.weir;
    const p99 = toRow({
      title: 'single events, p99',
      unit: 'ms',
      rounds: samples.map(({ weir }) => ({ weir: weir.p99 })),
      bar: { side: 'most', value: 50 },
      notes: [`of ${CONNECTIONS} connections that send as fast as they are answered`],
    });
    return [row, p99];
  },
};

/** A campaign with its view, against a server that answers a body of that size. */
export const viewRoute: Figure = {
  name: 'view',
  uses: ['server'],
  run: async (bench) => {
    const server = await bench.resources.server.open(bench.progress);
    const path = `/api/campaigns/${await server.makeCampaign('view')}`;
    const run = (url: string) =>
      shoot({ url, method: 'GET', path, connections: CONNECTIONS, seconds: bench.plan.seconds });
    const samples = await alternate(
      bench,
      'view route',
      () => server.settle().then(() => run(server.floorUrl)),
      () => run(server.weir.url),
    );
    const p99s = samples.map(({ weir }) => weir.p99).join(', ');
    return [
      toRow({
        title: 'view route',
        unit: 'requests/s',
        rounds: samples.map(({ floor, weir }) => ({ floor: floor.rate, weir: weir.rate })),
        bar: { side: 'least', value: 0.3, aim: 0.45 },
        notes: [`p99 of the rounds: ${p99s} ms`],
      }),
    ];
  },
};

/** Many events a request, against PostgreSQL's fastest way in. */
export const batches: Figure = {
  name: 'batches',
  uses: ['server', 'postgres'],
  run: async (bench) => {
    const server = await bench.resources.server.open(bench.progress);
    const event = { type: 'view', campaign_id: await server.makeCampaign('batches') };
    const body = JSON.stringify(Array.from({ length: BATCH }, () => event));
    const samples = await withCopyFloor(bench, (copy) =>
      alternate(
        bench,
        'batches of 500',
        () => server.settle().then(copy),
        () =>
          shoot({
            url: server.weir.url,
            method: 'POST',
            path: '/api/events',
            body,
            connections: BATCH_CONNECTIONS,
            seconds: bench.plan.seconds,
          }),
      ),
    );
    const p99s = samples.map(({ weir }) => weir.p99).join(', ');
    return [
      toRow({
        title: `batches of ${BATCH}`,
        unit: 'events/s',
        rounds: samples.map(({ floor, weir }) => ({ floor, weir: weir.rate * BATCH })),
        bar: { side: 'least', value: 0.6, aim: 0.8 },
        notes: [`p99 of the rounds: ${p99s} ms, ${BATCH_CONNECTIONS} connections`],
      }),
    ];
  },
};

async function withCopyFloor<T>(bench: Bench, work: (copy: () => Promise<number>) => Promise<T>): Promise<T> {
  const postgres = await bench.resources.postgres.open(bench.progress);
  const database = await postgres.openDatabase();
  const copy = await openCopyFloor(database.url);
  try {
    return await work(copy.run);
  } finally {
    await copy.close();
    await database.close();
  }
}

/** How a group of events is kept. `node bench/keep.ts` measures this alone. */
import { copyGroup } from '../src/engines/postgres/copy-group.ts';
import { encodeCopy } from '../src/engines/postgres/copy-rows.ts';
import { encodeGroup, INSERT_GROUP } from '../src/engines/postgres/event-rows.ts';
import type { Event } from '../src/events/event.ts';
import { type Bench, type Figure, median, type Plan, type Row, toRow } from './figure.ts';
import { createSampleEvents } from './sample-events.ts';
import { type Backend, openScratchPostgres, type ScratchPostgres } from './scratch-postgres.ts';

const CAMPAIGNS = 50;
/** Events of one measurement, so that a round takes a second or two. */
const EVENTS = { 1000: 50_000, 50: 20_000 } as const;
type GroupSize = keyof typeof EVENTS;

/** The same rows without a look for copies; where an id was there before, it would fail. */
const PLAIN_INSERT = toPlainInsert(INSERT_GROUP);

/** Makes the message of one group, and returns how to send it. */
type Keep = (backend: Backend, events: readonly Event[], firstSeq: number) => () => Promise<unknown>;

const insertBy =
  (name: string, text: string): Keep =>
  ({ client }, events, firstSeq) => {
    const values = encodeGroup(events, firstSeq, 1);
    return () => client.query({ name, text, values });
  };

const WAYS = {
  'insert on conflict': insertBy('on_conflict', INSERT_GROUP),
  'plain insert': insertBy('plain', PLAIN_INSERT),
  COPY: ({ client }, events, firstSeq) => {
    const data = encodeCopy(events, firstSeq, 1);
    return () => copyGroup(client, data);
  },
} as const satisfies Record<string, Keep>;
type Way = keyof typeof WAYS;
const NAMES = ['insert on conflict', 'plain insert', 'COPY'] as const satisfies readonly Way[];

/** Microseconds a row: of the backend's processor, and of this process to make the message. */
interface Cost {
  readonly backend: number;
  readonly encoding: number;
}

/** Processor time of the inserting backend for a row, by the way it is sent and the size of a group; the floor is COPY. */
export const keep: Figure = {
  name: 'keep',
  uses: ['postgres'],
  run: async (bench) => {
    const postgres = await bench.resources.postgres.open(bench.progress);
    return measureWays(postgres, bench.plan, bench.progress);
  },
};

type Extent = Pick<Plan, 'rounds' | 'rows'>;

async function measureWays(
  postgres: ScratchPostgres,
  extent: Extent,
  progress: Bench['progress'],
): Promise<Row[]> {
  const database = await postgres.openDatabase();
  try {
    const backend = await database.connect();
    const large = await measureGroups(backend, 1_000, extent, progress);
    return [...large, ...(await measureGroups(backend, 50, extent, progress))];
  } finally {
    await database.close();
  }
}

async function measureGroups(
  backend: Backend,
  size: GroupSize,
  { rounds, rows }: Extent,
  progress: Bench['progress'],
): Promise<Row[]> {
  const makeEvents = createSampleEvents(CAMPAIGNS);
  const costs: Record<Way, Cost[]> = { 'insert on conflict': [], 'plain insert': [], COPY: [] };
  for (let round = 0; round <= rounds; round += 1) {
    progress(round, rounds + 1, `groups of ${size}: ${round === 0 ? 'warming up' : `round ${round}`}`);
    for (const way of NAMES) {
      const cost = await measureWay(backend, WAYS[way], makeEvents, size, Math.min(EVENTS[size], rows));
      if (round > 0) costs[way].push(cost);
    }
  }
  return NAMES.map((way) =>
    toRow({
      title: `kept by ${way}, groups of ${size}`,
      unit: 'µs of processor a row',
      rounds: costs[way].map((cost, round) => ({ floor: costs.COPY[round]!.backend, weir: cost.backend })),
      notes: [`to make the message: ${median(costs[way].map((cost) => cost.encoding)).toFixed(1)} µs a row`],
    }),
  );
}

/** Into an empty log. */
async function measureWay(
  backend: Backend,
  keepGroup: Keep,
  makeEvents: (count: number) => Event[],
  size: number,
  events: number,
): Promise<Cost> {
  await backend.client.query('truncate event_log');
  const before = backend.cpuMicros();
  let encodingMs = 0;
  for (let seq = 1; seq <= events; seq += size) {
    const group = makeEvents(size);
    const startedAt = performance.now();
    const send = keepGroup(backend, group, seq);
    encodingMs += performance.now() - startedAt;
    await send();
  }
  return { backend: (backend.cpuMicros() - before) / events, encoding: (encodingMs * 1_000) / events };
}

function toPlainInsert(text: string): string {
  const input = /with input \(([^)]*)\) as \((select \* from unnest\([\s\S]*?\))\),\nkept/.exec(text);
  const insert = /insert into event_log[\s\S]*?order by event_id/.exec(text);
  if (!input || !insert) throw new Error('INSERT_GROUP is not what this measurement was made for.');
  return `with input (${input[1]}) as (${input[2]})\n${insert[0]}`;
}

if (import.meta.main) {
  const postgres = await openScratchPostgres();
  try {
    const rows = await measureWays(postgres, { rounds: 5, rows: Number.POSITIVE_INFINITY }, () => undefined);
    for (const { title, weir, rounds, notes } of rows) {
      const all = rounds.map((round) => round.weir);
      const [least, most] = [Math.min(...all), Math.max(...all)];
      console.log(
        `${title}: ${weir.toFixed(1)} µs (${least.toFixed(1)} to ${most.toFixed(1)}); ${notes.join('; ')}`,
      );
    }
  } finally {
    await postgres.close();
  }
}

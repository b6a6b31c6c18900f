/** How a group of events is kept. `node bench/keep.ts` measures this alone. */
import { copyGroup } from '../src/engines/postgres/copy-group.ts';
import { encodeCopy } from '../src/engines/postgres/copy-rows.ts';
import { encodeGroup, INSERT_GROUP } from '../src/engines/postgres/event-rows.ts';
import type { Event } from '../src/events/event.ts';
import { type Bench, type Figure, type Plan, type Round, type Row, toRow } from './figure.ts';
import { createSampleEvents } from './sample-events.ts';
import { type Backend, openScratchPostgres, type ScratchPostgres } from './scratch-postgres.ts';

const CAMPAIGNS = 50;
/** Events of one measurement, so that a round takes a second or two. */
const EVENTS = { 1000: 50_000, 50: 20_000 } as const;
type GroupSize = keyof typeof EVENTS;

/** The same rows without a look for copies; where an id was there before, it would fail. */
const PLAIN_INSERT = toPlainInsert(INSERT_GROUP);

type Keep = (backend: Backend, events: readonly Event[], firstSeq: number) => Promise<unknown>;

const WAYS: Readonly<Record<'insert on conflict' | 'plain insert' | 'COPY', Keep>> = {
  'insert on conflict': ({ client }, events, firstSeq) =>
    client.query({ name: 'on_conflict', text: INSERT_GROUP, values: encodeGroup(events, firstSeq, 1) }),
  'plain insert': ({ client }, events, firstSeq) =>
    client.query({ name: 'plain', text: PLAIN_INSERT, values: encodeGroup(events, firstSeq, 1) }),
  COPY: ({ client }, events, firstSeq) => copyGroup(client, encodeCopy(events, firstSeq, 1)),
};

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
  const taken = { 'insert on conflict': [], 'plain insert': [], COPY: [] } as Record<
    keyof typeof WAYS,
    number[]
  >;
  for (let round = 0; round <= rounds; round += 1) {
    progress(round, rounds + 1, `groups of ${size}: ${round === 0 ? 'warming up' : `round ${round}`}`);
    for (const way of ['insert on conflict', 'plain insert', 'COPY'] as const) {
      const micros = await measureWay(backend, WAYS[way], makeEvents, size, Math.min(EVENTS[size], rows));
      if (round > 0) taken[way].push(micros);
    }
  }
  const toRounds = (way: keyof typeof WAYS): Round[] =>
    taken[way].map((weir, round) => ({ floor: taken.COPY[round]!, weir }));
  const title = (way: string) => `kept by ${way}, groups of ${size}`;
  const unit = 'µs of processor a row';
  return [
    toRow({ title: title('insert on conflict'), unit, rounds: toRounds('insert on conflict') }),
    toRow({ title: title('plain insert'), unit, rounds: toRounds('plain insert') }),
    toRow({ title: title('COPY'), unit, rounds: toRounds('COPY') }),
  ];
}

/** Microseconds a row, into an empty log. */
async function measureWay(
  backend: Backend,
  way: Keep,
  makeEvents: (count: number) => Event[],
  size: number,
  events: number,
): Promise<number> {
  await backend.client.query('truncate event_log');
  const before = backend.cpuMicros();
  for (let seq = 1; seq <= events; seq += size) await way(backend, makeEvents(size), seq);
  return (backend.cpuMicros() - before) / events;
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
    for (const { title, weir, rounds } of rows) {
      const all = rounds.map((round) => round.weir);
      console.log(
        `${title}: ${weir.toFixed(1)} µs (${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)})`,
      );
    }
  } finally {
    await postgres.close();
  }
}

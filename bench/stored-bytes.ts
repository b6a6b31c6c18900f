import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COPY_GROUP, encodeCopy } from '../src/engines/postgres/copy-rows.ts';
import { type Figure, type Round, toRow } from './figure.ts';
import { createSampleEvents, SAMPLE_HOLDS } from './sample-events.ts';
import type { ScratchDatabase } from './scratch-postgres.ts';

const MOST_ROWS = 100_000;
/** As many as the log's writer sends at once under load. */
const GROUP = 1_000;

/** The event log on disk, against a table with the same columns, contents and key, filled in the same groups. */
export const storedBytes: Figure = {
  name: 'bytes',
  uses: ['postgres'],
  run: async (bench) => {
    const { rounds: count, rows: most } = bench.plan;
    const rows = Math.min(MOST_ROWS, most);
    const postgres = await bench.resources.postgres.open(bench.progress);
    const database = await postgres.openDatabase();
    try {
      const rounds: Round[] = [];
      for (let round = 0; round < count; round += 1) {
        bench.progress(round, count, `bytes an event: round ${round + 1}`);
        rounds.push(await storeRows(database, rows));
      }
      return [
        toRow({
          title: 'stored an event, indexes included',
          unit: 'bytes',
          rounds,
          bar: { side: 'most', value: 1.5 },
          notes: [`${rows} events, each with ${SAMPLE_HOLDS}`],
        }),
      ];
    } finally {
      await database.close();
    }
  },
};

async function storeRows(database: ScratchDatabase, rows: number): Promise<Round> {
  const { client } = await database.connect();
  const makeEvents = createSampleEvents(50);
  await client.query('truncate event_log');
  await client.query('drop table if exists bench_bare');
  await client.query(
    'create table bench_bare (like event_log including defaults, primary key (event_id, day))',
  );
  for (let seq = 1; seq <= rows; seq += GROUP) {
    const data = encodeCopy(makeEvents(Math.min(GROUP, rows + 1 - seq)), seq, 1);
    await copy(client, COPY_GROUP, data);
    await copy(client, COPY_GROUP.replace('copy event_log', 'copy bench_bare'), data);
  }
  await client.query('vacuum event_log, bench_bare');
  const { rows: sizes } = await client.query<{ ours: string; bare: string }>(
    `select pg_total_relation_size('bench_bare') as bare,
       (select sum(pg_total_relation_size(relid)) from pg_partition_tree('event_log')
        where pg_relation_size(relid) > 0) as ours`,
  );
  const { ours, bare } = sizes[0]!;
  return { floor: Number(bare) / rows, weir: Number(ours) / rows };
}

async function copy(client: pg.Client, command: string, data: Buffer): Promise<void> {
  await pipeline(Readable.from([data]), client.query(copyFrom(command)));
}

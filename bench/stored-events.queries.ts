import type pg from 'pg';
import { partitionName } from '../src/engines/postgres/partitions.ts';
import {
  AGGREGATOR,
  COUNTABLE,
  COUNTED_COLUMNS,
  DIGEST,
  MINUTE,
  QUARTER,
  QUARTER_OF_EVENT,
  SEEN,
} from '../src/pipeline/aggregate/index.ts';

const COUNTS = `count(*) filter (where type = 1), count(*) filter (where type = 2), count(*) filter (where type = 3)`;
const SUMS = 'sum(views), sum(true_views), sum(clicks)';
/** What is filled without its keys. */
export const COUNTER_TABLES = ['counters_minute', 'counters_quarter', 'actor_quarters'] as const;

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
  'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
];

/**
 * Events of one day, a function of their numbers. Two make a visit: a view, then nine times of ten a true view and else a
 * click. A visitor makes four visits a day. Of 1,000 campaigns the first has a 32nd of all events, the last a 2,000th.
 * One visit of ten is a bot's.
 */
const EVENTS = `
  select (overlay(overlay(lpad(to_hex(at_ms), 12, '0') || substr(md5(seq::text), 13) placing '7' from 13)
      placing 'a' from 17))::uuid,
    visitor::uuid, seq, campaign, to_timestamp(at_ms / 1000.0), to_timestamp(at_ms / 1000.0), $1::int, 1, 1,
    case when seq % 2 = 1 then 1 when hash % 10 = 3 then 3 else 2 end,
    case when hash % 10 = 7 then 2 else 0 end, case when hash % 10 = 7 then 1 else 0 end, 0, 1,
    ('198.' || 18 + hash % 2 || '.' || hash / 7 % 256 || '.0/24')::cidr,
    decode(substr(visitor, 1, 16), 'hex'), decode(visitor, 'hex'), ($4::text[])[1 + hash / 3 % 4]
  from (
    select seq, hash, md5($1::text || '/' || hash % greatest(1, $3::bigint / 8)) as visitor,
      1 + floor(1000 * power((hash & 1048575) / 1048576.0::float8, 2))::bigint as campaign,
      $1::bigint * 86400000 + ((seq - $2 - 1) / 2 * 2 * 86390000::float8 / $3)::bigint + (seq - 1) % 2 * 1000 as at_ms
    from (
      select seq, hashint8extended((seq + 1) / 2, 7) & 1152921504606846975 as hash
      from generate_series($2::bigint + 1, $2::bigint + $3::bigint) as seq offset 0
    ) as numbers offset 0
  ) as drawn`;

const LOG_COLUMNS =
  'event_id, actor, seq, subject_id, occurred_at, received_at, day, lane, subject_kind, type, rule, rule_version, flags, source, network, address_hash, address_sealed, user_agent';

const INTO_COUNTERS = (table: string) => `
  with minutes (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks) as materialized (
    select subject_kind, subject_id, ${MINUTE}, traffic, ${COUNTS}
    from (select ${COUNTED_COLUMNS} from ${table} where ${COUNTABLE}) as batch group by 1, 2, 3, 4
  ),
  into_minutes as (
    insert into counters_minute (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
    select * from minutes order by bucket_at, subject_id, traffic
  )
  insert into counters_quarter (subject_kind, subject_id, bucket_at, traffic, views, true_views, clicks)
  select * from (
    select subject_kind, subject_id, ${QUARTER} as bucket_at, traffic, ${SUMS} from minutes group by 1, 2, 3, 4
  ) as rows order by bucket_at, subject_id, traffic`;

const INTO_SETS = (table: string) => `
  insert into actor_quarters (subject_kind, subject_id, bucket_at, actor, seen)
  select * from (
    select subject_kind, subject_id, ${QUARTER_OF_EVENT} as bucket_at, actor, bit_or(${SEEN})::int2
    from (select ${COUNTED_COLUMNS} from ${table} where ${COUNTABLE}) as batch group by 1, 2, 3, 4
  ) as rows order by bucket_at, subject_id, actor`;

const INTO_SEALS = (table: string) => `
  insert into log_seals (log, partition, after, up_to, events, digest, first_at, last_at, sealed_at)
  select 'postgres', 1, min(seq) - 1, max(seq), count(*), ${DIGEST}, min(occurred_at), max(occurred_at), max(occurred_at)
  from ${table} group by (seq - 1 - $1::bigint) / 5000`;

/** Days since 1970-01-01 (UTC), and which numbers in the lane its events have. */
export interface StoredDay {
  readonly day: number;
  readonly after: number;
  readonly events: number;
}

/** Takes the keys off the tables that are filled now: sorted once at the end, they cost a quarter of it. */
export async function dropCounterKeys(client: pg.Client): Promise<void> {
  for (const table of COUNTER_TABLES) {
    await client.query(`alter table ${table} drop constraint ${table}_pkey`);
    await client.query(`drop index ${table}_time`);
  }
}

/** The partition of one day, its counters, sets and seals: what the log and the aggregator would have made of its events. */
export async function fillDay(client: pg.Client, { day, after, events }: StoredDay): Promise<void> {
  const table = partitionName(day);
  // Filled in the transaction that makes it, a table needs no write-ahead log (wal_level = minimal).
  await client.query('begin');
  await client.query(`create table ${table} (like event_log including defaults including constraints)`);
  await client.query(`insert into ${table} (${LOG_COLUMNS}) ${EVENTS}`, [day, after, events, AGENTS]);
  await client.query('commit');
  await client.query(INTO_COUNTERS(table));
  await client.query(INTO_SETS(table));
  await client.query(INTO_SEALS(table), [after]);
  await client.query(
    `alter table event_log attach partition ${table} for values from (${day}) to (${day + 1})`,
  );
  await client.query(`vacuum (freeze, analyze) ${table}`);
}

const KEY = {
  counters_minute: 'subject_kind, subject_id, bucket_at, traffic',
  counters_quarter: 'subject_kind, subject_id, bucket_at, traffic',
  actor_quarters: 'subject_kind, subject_id, bucket_at, actor',
} as const;
const INCLUDED = { counters_minute: '', counters_quarter: '', actor_quarters: ' include (seen)' } as const;

/** One of the tables that `dropCounterKeys` took the keys off. */
export async function addCounterKeys(
  client: pg.Client,
  table: (typeof COUNTER_TABLES)[number],
): Promise<void> {
  await client.query(`alter table ${table} add primary key (${KEY[table]})${INCLUDED[table]}`);
  await client.query(
    `create index ${table}_time on ${table} using brin (bucket_at) with (pages_per_range = 32)`,
  );
  await client.query(`vacuum (freeze, analyze) ${table}`);
}

/** Totals, lane and position: the log is counted to its end. */
export async function finishLog(client: pg.Client, events: number): Promise<void> {
  await client.query(`insert into counters_total (subject_kind, subject_id, traffic, views, true_views, clicks)
    select subject_kind, subject_id, traffic, ${SUMS} from counters_quarter group by 1, 2, 3 order by 1, 2, 3`);
  await client.query('insert into log_lanes (lane) values (1)');
  await client.query(
    `insert into log_positions (reader, log, partition, position, complete_through)
     values ('${AGGREGATOR}', 'postgres', 1, $1, clock_timestamp())`,
    [events],
  );
  await client.query('vacuum (freeze, analyze)');
}

export async function addCampaigns(client: pg.Client, ownerId: number, count: number): Promise<void> {
  await client.query(
    `insert into campaigns (owner_id, title, content, starts_at, ends_at)
     select $1, 'campaign ' || n, 'Sale', '2020-01-01', '2099-01-01' from generate_series(1, $2::int) as n order by n`,
    [ownerId, count],
  );
}

/** Bytes of a database, for each of its events: the log, and what was counted from it. */
export async function findSizes(
  client: pg.Client,
): Promise<{ log: number; counted: number; events: number }> {
  const { rows } = await client.query<{ log: string; counted: string; events: string }>(
    `select (select sum(pg_total_relation_size(relid)) from pg_partition_tree('event_log')) as log,
       pg_total_relation_size('counters_minute') + pg_total_relation_size('counters_quarter')
         + pg_total_relation_size('counters_total') + pg_total_relation_size('actor_quarters') as counted,
       (select count(*) from event_log) as events`,
  );
  const { log, counted, events } = rows[0]!;
  return { log: Number(log), counted: Number(counted), events: Number(events) };
}

import { sleep } from '../../kit/wait.ts';
import type { Crashes } from './crash.ts';
import type { Rig } from './rig.ts';

const EVENTS = 1_000;
/** Past the default retention, and the day that it waits for requests under way. */
const DAYS_AGO = 95;
/** No campaign has this number, and no line of the history names it. */
const SUBJECT = 900_000_000;
const COUNTED_LIMIT_MS = 30_000;

/** A partition past its days is sealed and dropped whole or not at all, whichever side of the commit the process dies on. */
export async function crashRetention(rig: Rig, crashes: Crashes, round: number): Promise<void> {
  await rig.server.end('SIGKILL');
  await addOldEvents(rig, round);
  // By a process that keeps no house: it would drop what it has counted by the time it looks.
  await rig.server.start({}, ['serve', '--roles', 'api,aggregator']);
  const due = performance.now() + COUNTED_LIMIT_MS;
  while ((await countCounted(rig)) < EVENTS * (round + 1)) {
    if (performance.now() > due) return void crashes.violations.push('old events were not counted in time');
    await sleep(50);
  }
  await crashes.server('retention.before-commit', 1);
  await crashes.server('retention.after-commit', 1);
  await rig.server.start();
  const counted = await countCounted(rig);
  if (counted !== EVENTS * (round + 1))
    crashes.violations.push(`retention left ${counted} of ${EVENTS * (round + 1)} counted events`);
}

/** A partition of a day long ago with events as the log would hold them: nobody may send such ids any more. */
async function addOldEvents({ postgres }: Rig, round: number): Promise<void> {
  const day = Math.floor(Date.now() / 86_400_000) - DAYS_AGO - round;
  const name = `event_log_${new Date(day * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '')}`;
  await postgres.query(
    `create table if not exists ${name} partition of event_log for values from (${day}) to (${day + 1})`,
  );
  await postgres.query(
    `insert into event_log (event_id, actor, seq, subject_id, occurred_at, received_at, day, lane, subject_kind, type, rule,
       rule_version, flags, source)
     select overlay(overlay(gen_random_uuid()::text placing lpad(to_hex((extract(epoch from at) * 1000)::bigint >> 16), 8, '0') from 1 for 8)
         placing '7' from 15 for 1)::uuid,
       gen_random_uuid(), head + n, ${SUBJECT}, at, at, ${day}, 1, 1, 1 + n % 3, 0, 0, 0, 1
     from (
       select n, to_timestamp(${day} * 86400.0 + 3600 + n) as at,
         (select greatest(max(floor_seq), (select max(seq) from event_log where lane = 1), 0) from log_lanes where lane = 1) as head
       from generate_series(1, ${EVENTS}) as n
     ) as made`,
  );
}

async function countCounted({ postgres }: Rig): Promise<number> {
  const [row] = await postgres.query<{ counted: number }>(
    `select coalesce(sum(views + true_views + clicks), 0)::int as counted from counters_total where subject_id = ${SUBJECT}`,
  );
  return row?.counted ?? 0;
}

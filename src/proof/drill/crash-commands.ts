import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENT_SOURCES } from '../../events/event.ts';
import { sleep } from '../../kit/wait.ts';
import type { Crashes } from './crash.ts';
import type { Rig } from './rig.ts';

const LINES = 5_000;
const BATCHES = 3;
const PARKED_LIMIT_MS = 30_000;

/** An import that is killed twice and then run to its end has each line once. */
export async function crashImport(rig: Rig, crashes: Crashes, round: number): Promise<void> {
  const file = join(rig.dir, `access-${round}.log`);
  writeFileSync(file, Array.from({ length: LINES }, (_, at) => toLogLine(round, at)).join(''));
  const nth = 1 + Math.floor(rig.random() * BATCHES);
  await crashes.command('import.after-append', nth, ['import', file]);
  await crashes.command('import.after-ledger', 1, ['import', file]);
  const { code, output } = await rig.command(['import', file, '--json']);
  if (code !== 0) return void crashes.violations.push(`the import, repeated, ended with ${code}: ${output}`);
  const { campaigns } = JSON.parse(output) as { campaigns: Record<string, number> };
  const [row] = await rig.postgres.query<{ kept: number }>(
    'select count(*)::int as kept from event_log where source = $1 and subject_id = any($2::int8[])',
    [EVENT_SOURCES.import, Object.values(campaigns)],
  );
  if (row?.kept !== LINES) crashes.violations.push(`a log of ${LINES} lines gave ${row?.kept} events`);
}

/** A line of the combined format; some lines are equal, as in true logs. */
function toLogLine(round: number, at: number): string {
  const second = String(Math.floor(at / 100) % 60).padStart(2, '0');
  const host = `192.0.2.${at % 7}`;
  return `${host} - - [01/Jun/2026:10:00:${second} +0000] "GET /drill-${round}/ HTTP/1.1" 200 1 "-" "Mozilla/5.0"\n`;
}

/** Counters that were altered are made anew by a repair that is killed twice; the judgement shows that they were. */
export async function crashRepair(rig: Rig, crashes: Crashes): Promise<void> {
  // A server would find and repair them by itself. Its PostgreSQL stays.
  await rig.server.end('SIGKILL');
  await rig.postgres.query(
    `with top as (select subject_kind, subject_id, bucket_at, traffic from counters_minute order by views desc limit 1)
     update counters_minute c set views = c.views + 7 from top
     where (c.subject_kind, c.subject_id, c.bucket_at, c.traffic)
       = (top.subject_kind, top.subject_id, top.bucket_at, top.traffic)`,
  );
  await crashes.command('verify.before-commit', 1, ['verify', '--repair']);
  await crashes.command('verify.after-commit', 1, ['verify', '--repair']);
  await rig.command(['verify', '--repair']);
  await rig.server.start();
}

/** An event that was parked is counted once by a replay that is killed before and after its commit. */
export async function crashReplay(rig: Rig, crashes: Crashes): Promise<void> {
  const due = performance.now() + PARKED_LIMIT_MS;
  while ((await countParked(rig)) === 0 && performance.now() < due) await sleep(50);
  await allowCounting(rig);
  await crashes.command('replay.before-commit', 1, ['dlq', 'replay']);
  await crashes.command('replay.after-commit', 1, ['dlq', 'replay']);
  const { code, output } = await rig.command(['dlq', 'replay']);
  if (code !== 0) crashes.violations.push(`the replay, repeated, ended with ${code}: ${output}`);
}

async function countParked({ postgres }: Rig): Promise<number> {
  const [row] = await postgres.query<{ parked: number }>(
    `select count(*)::int as parked from dead_letters where origin = 'aggregate' and replayed_at is null`,
  );
  return row?.parked ?? 0;
}

export const POISON = 'drill:poison';

/** The database refuses events of this page: the group that holds one is halved. */
export async function forbidPoison({ postgres }: Rig): Promise<void> {
  await postgres.query(
    `alter table event_log add constraint drill_poison check (page is distinct from '${POISON}') not valid`,
  );
}

/** The database refuses to count this campaign: its events are parked. */
export async function forbidCounting({ postgres }: Rig, campaign: number): Promise<void> {
  await postgres.query(
    `alter table counters_minute add constraint drill_uncountable check (subject_id <> ${campaign}) not valid`,
  );
}

async function allowCounting({ postgres }: Rig): Promise<void> {
  await postgres.query('alter table counters_minute drop constraint if exists drill_uncountable');
}

import type { Db } from './pool.ts';

/** How many rows of a kind a member may write: in any minute, and in a day that begins with the first one. */
export interface WriteQuota {
  /** As in `write_quotas.action`. */
  readonly action: string;
  readonly perMinute: number;
  readonly perDay: number;
}

/**
 * A CTE `allowed(member_id)` for a statement that inserts: those of `asked(author_id, asked_at)` who are within their quota,
 * each of whom may stand in `asked` once. It is taken in that statement, under the member's row: exact over all instances.
 */
export function takeQuota({ action, perMinute, perDay }: WriteQuota): string {
  const sameDay = `q.day_start > excluded.day_start - interval '1 day'`;
  return `allowed as (
  insert into write_quotas as q (member_id, action, recent, day_start, day_count)
  select author_id, '${action}', array[asked_at], asked_at, 1 from asked order by author_id
  on conflict (member_id, action) do update set
    recent = array_prepend(excluded.day_start, q.recent[1:${perMinute - 1}]),
    day_start = case when ${sameDay} then q.day_start else excluded.day_start end,
    day_count = case when ${sameDay} then q.day_count + 1 else 1 end
  where (q.recent[${perMinute}] is null or q.recent[${perMinute}] <= excluded.day_start - interval '1 minute')
    and (q.day_count < ${perDay} or not ${sameDay})
  returning member_id
)`;
}

/** Seconds until this member may write again. */
export async function findQuotaWait(db: Db, memberId: number, quota: WriteQuota): Promise<number> {
  const { action, perMinute, perDay } = quota;
  const [row] = await db.query<{ seconds: number }>(
    `select greatest(
       extract(epoch from recent[$3::int] + interval '1 minute' - clock_timestamp()),
       case when day_count >= $4 then extract(epoch from day_start + interval '1 day' - clock_timestamp()) end,
       1)::float8 as seconds
     from write_quotas where member_id = $1 and action = $2`,
    [memberId, action, perMinute, perDay],
  );
  return row?.seconds ?? 1;
}

import type { Db } from '../../db/pool.ts';

/** Where a schedule stands; undefined while another process has it. A new one begins now: nothing was missed before it. */
export async function lockSchedule(tx: Db, name: string): Promise<{ ran_to: Date; now: Date } | undefined> {
  await tx.query(
    'insert into schedules (name, ran_to) values ($1, now()) on conflict do nothing',
    [name],
    'open_schedule',
  );
  const [row] = await tx.query<{ ran_to: Date; now: Date }>(
    'select ran_to, clock_timestamp() as now from schedules where name = $1 for update skip locked',
    [name],
    'lock_schedule',
  );
  return row;
}

export async function moveSchedule(tx: Db, name: string, ranTo: Date): Promise<void> {
  await tx.query('update schedules set ran_to = $2 where name = $1', [name, ranTo], 'move_schedule');
}

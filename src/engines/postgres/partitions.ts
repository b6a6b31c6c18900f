import type { Db } from '../../db/pool.ts';
import { UNDATED } from '../../events/event-id.ts';
import { failpoint } from '../../kit/failpoint.ts';

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 3;
/** Rows only come, and are much like those before: no need to look at a growing day again for each twentieth more. */
const STORAGE = 'autovacuum_analyze_scale_factor = 0.5, autovacuum_vacuum_insert_scale_factor = 0.5';

export interface Partitions {
  /** Makes the partitions of these days where they are missing. Cheap for a day seen before. */
  readonly ensure: (days: Iterable<number>) => Promise<void>;
  /** Makes yesterday's to three days ahead; at boot and hourly. */
  readonly ensureAhead: (now: number) => Promise<void>;
}

export function partitionName(day: number): string {
  if (day === UNDATED) return 'event_log_undated';
  return `event_log_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

export function createPartitions(db: Db): Partitions {
  const known = new Set<number>([UNDATED]);

  /** Returns whether it was this call that made it. */
  async function create(day: number): Promise<boolean> {
    const name = partitionName(day);
    return db.transaction(async (tx) => {
      await tx.query('select pg_advisory_xact_lock(7366002)');
      const [found] = await tx.query<{ there: boolean }>('select to_regclass($1) is not null as there', [
        name,
      ]);
      if (found?.there) return false;
      // Attaching takes a weaker lock than `create table … partition of`: writers and readers go on meanwhile.
      await tx.query(
        `create table ${name} (like event_log including defaults including constraints) with (${STORAGE})`,
      );
      await tx.query(
        `alter table event_log attach partition ${name} for values from (${day}) to (${day + 1})`,
      );
      failpoint?.('partition.before-commit');
      return true;
    });
  }

  async function ensure(days: Iterable<number>): Promise<void> {
    for (const day of days) {
      if (known.has(day)) continue;
      if (await create(day)) failpoint?.('partition.after-commit');
      known.add(day);
    }
  }

  return {
    ensure,
    ensureAhead: (now) => {
      const today = Math.floor(now / DAY_MS);
      return ensure(Array.from({ length: DAYS_AHEAD + 2 }, (_, index) => today - 1 + index));
    },
  };
}

import type { Db } from '../../db/pool.ts';

/** Instants in milliseconds since the epoch. */
export interface Belief {
  /** How far time has come, for all that it destroys. */
  readonly believedAt: number;
  /** What the clock said at the last look. */
  readonly seenAt: number;
  /** Time that passed while the clock stood far ahead of that; undefined: it does not. */
  readonly waitedMs: number | undefined;
}

const MS = (instant: string) => `(extract(epoch from ${instant}) * 1000)::int8`;

/** Milliseconds since the epoch. */
export async function readDatabaseClock(db: Db): Promise<number> {
  const [row] = await db.query<{ at: number }>(`select ${MS('clock_timestamp()')} as at`);
  return row!.at;
}

/** The belief so far, held against others until the transaction ends. The first look believes its clock. */
export async function holdBelief(tx: Db): Promise<Belief> {
  await tx.query(
    'insert into believed_clock (believed_at, seen_at) select now, now from clock_timestamp() as now on conflict do nothing',
  );
  const [row] = await tx.query<{ believed_at: number; seen_at: number; waited_ms: number | null }>(
    `select ${MS('believed_at')} as believed_at, ${MS('seen_at')} as seen_at, waited_ms from believed_clock for update`,
  );
  const { believed_at: believedAt, seen_at: seenAt, waited_ms } = row!;
  return { believedAt, seenAt, waitedMs: waited_ms ?? undefined };
}

export async function saveBelief(tx: Db, { believedAt, seenAt, waitedMs }: Belief): Promise<void> {
  await tx.query('update believed_clock set believed_at = $1, seen_at = $2, waited_ms = $3', [
    new Date(believedAt),
    new Date(seenAt),
    waitedMs ?? null,
  ]);
}

import type { Db } from '../../db/pool.ts';

/**
 * What the check in the background can find. `raw_store`: rows of a raw store beside the log that are not the log's;
 * `retention`: a removal that was held back; `clock`: one that is in doubt.
 */
export type FindingKind = 'counter' | 'set' | 'raw' | 'raw_store' | 'sealed' | 'retention' | 'clock';

export interface Finding {
  /** The same finding, seen again, is one. */
  readonly key: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Remembers what was found; returns the keys that were not known yet. */
export async function noteFindings(
  db: Db,
  kind: FindingKind,
  findings: readonly Finding[],
  repaired = false,
): Promise<string[]> {
  if (findings.length === 0) return [];
  const rows = await db.query<{ key: string; fresh: boolean }>(
    `insert into findings as f (kind, key, detail)
     select distinct on (key) $1, key, detail from unnest($2::text[], $3::jsonb[]) as given (key, detail) order by key
     on conflict (kind, key) where settled_at is null do update set seen_at = clock_timestamp(), detail = excluded.detail
     returning key, xmax = 0 as fresh`,
    [kind, findings.map((one) => one.key), findings.map((one) => JSON.stringify(one.detail))],
  );
  if (repaired)
    await settle(
      db,
      kind,
      'key = any($2)',
      findings.map((one) => one.key),
    );
  return rows.filter((row) => row.fresh).map((row) => row.key);
}

/** Whatever of this kind is not among `open` any more has come to its end. */
export function settleFindings(db: Db, kind: FindingKind, open: readonly string[]): Promise<void> {
  return settle(db, kind, 'key <> all($2)', open);
}

/** After a pass over everything of these kinds: what it did not see again is no more. */
export async function settleUnseen(db: Db, kinds: readonly FindingKind[], since: Date): Promise<void> {
  await db.query(
    `update findings set settled_at = clock_timestamp()
     where kind = any($1) and settled_at is null and seen_at < $2`,
    [kinds, since],
  );
}

async function settle(db: Db, kind: FindingKind, which: string, keys: readonly string[]): Promise<void> {
  await db.query(
    `update findings set settled_at = clock_timestamp() where kind = $1 and settled_at is null and ${which}`,
    [kind, keys],
  );
}

export interface CheckState {
  /** Found and not yet settled, by kind. */
  readonly open: Readonly<Partial<Record<FindingKind, number>>>;
  /** Why the clock is in doubt, and what to do; null: it is not. */
  readonly doubt: string | null;
  /** Numbers that were made anew since the first start. */
  readonly repaired: number;
  readonly passes: readonly { name: string; done: number; total: number; finished_at: Date | null }[];
}

/** For `weir doctor` and the console. */
export async function readCheckState(db: Db): Promise<CheckState> {
  const open = await db.query<{ kind: FindingKind; n: number }>(
    'select kind, count(*) as n from findings where settled_at is null group by kind order by kind',
  );
  const [settled] = await db.query<{ n: number }>(
    `select count(*) as n from findings where settled_at is not null and kind in ('counter', 'set')`,
  );
  const passes = await db.query<CheckState['passes'][number]>(
    'select name, done, total, finished_at from check_passes order by name',
  );
  const [clock] = await db.query<{ reason: string }>(
    `select detail ->> 'reason' as reason from findings where kind = 'clock' and settled_at is null`,
  );
  return {
    open: Object.fromEntries(open.map((row) => [row.kind, row.n])),
    doubt: clock?.reason ?? null,
    repaired: settled!.n,
    passes,
  };
}

/** How far a pass has come, or undefined before its first one. */
export async function findPass(db: Db, name: string): Promise<{ cursor: number; done: number } | undefined> {
  const [row] = await db.query<{ cursor: number; done: number }>(
    'select cursor, done from check_passes where name = $1',
    [name],
  );
  return row;
}

/** Where the next step of a pass begins; a pass that came to its end begins again there. */
export async function markPass(
  db: Db,
  name: string,
  at: { cursor: number; done: number; total: number; finished: boolean },
): Promise<void> {
  await db.query(
    `insert into check_passes as p (name, cursor, done, total, finished_at)
     values ($1, $2, $3, $4, case when $5 then clock_timestamp() end)
     on conflict (name) do update set cursor = excluded.cursor, done = excluded.done, total = excluded.total,
       started_at = case when p.done >= p.total then clock_timestamp() else p.started_at end,
       finished_at = coalesce(excluded.finished_at, p.finished_at)`,
    [name, at.cursor, at.done, at.total, at.finished],
  );
}

/** The database's own, which stamps findings. */
export async function findClock(db: Db): Promise<Date> {
  const [row] = await db.query<{ now: Date }>('select clock_timestamp() as now');
  return row!.now;
}

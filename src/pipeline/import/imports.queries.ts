import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';

export type StoredState = 'running' | 'interrupted' | 'done' | 'failed';

export interface LedgerRow {
  readonly id: number;
  readonly rules_digest: Buffer;
  readonly salt: Buffer;
  readonly campaigns: Readonly<Record<string, number>>;
  readonly lines: number;
  readonly events: number;
  readonly parked: number;
  readonly state: StoredState;
  readonly finished_at: Date | null;
}

export interface NewImport {
  readonly fingerprint: Buffer;
  readonly name: string;
  readonly rulesDigest: Buffer;
  readonly salt: Buffer;
  readonly linesTotal: number;
  readonly bytesTotal: number;
}

const LEDGER = 'id, rules_digest, salt, campaigns, lines, events, parked, state, finished_at';

/** The row of this content: the one that is there, or a new one. */
export async function findOrCreateImport(db: Db, log: NewImport): Promise<LedgerRow> {
  await db.query(
    `insert into imports (fingerprint, name, rules_digest, salt, lines_total, bytes_total)
     values ($1, $2, $3, $4, $5, $6) on conflict (fingerprint) do nothing`,
    [log.fingerprint, log.name, log.rulesDigest, log.salt, log.linesTotal, log.bytesTotal],
  );
  const [row] = await db.query<LedgerRow>(`select ${LEDGER} from imports where fingerprint = $1`, [
    log.fingerprint,
  ]);
  return row!;
}

/** A run begins, or goes on: its size may differ from the first run's, which may have read it packed. */
export async function startImport(
  db: Db,
  id: number,
  run: { name: string; bytesTotal: number; rulesDigest: Buffer },
): Promise<void> {
  await db.query(
    `update imports set state = 'running', failure = null, name = $2, bytes_total = $3, rules_digest = $4,
       bytes_read = 0, rate = 0, updated_at = clock_timestamp()
     where id = $1 and state <> 'done'`,
    [id, run.name, run.bytesTotal, run.rulesDigest],
  );
}

/** What is there wins: the campaigns of an import are fixed by its first run. */
export async function addCampaign(db: Db, id: number, title: string, campaignId: number): Promise<void> {
  await db.query(
    'update imports set campaigns = jsonb_build_object($2::text, $3::bigint) || campaigns where id = $1',
    [id, title, campaignId],
  );
}

export interface Position {
  readonly lines: number;
  readonly bytesRead: number;
  readonly events: number;
  readonly parked: number;
  readonly rate: number;
}

/** Moves the position forward and shows that the process lives. A run that still re-reads old lines moves nothing back. */
export async function savePosition(db: Db, id: number, at: Position): Promise<void> {
  await db.query(
    `update imports set lines = greatest(lines, $2), events = greatest(events, $3), parked = greatest(parked, $4),
       bytes_read = $5, rate = $6, updated_at = clock_timestamp()
     where id = $1`,
    [id, at.lines, at.events, at.parked, at.bytesRead, at.rate],
    'save_import_position',
  );
  failpoint?.('import.after-ledger');
}

export async function endImport(
  db: Db,
  id: number,
  state: Exclude<StoredState, 'running'>,
  failure?: string,
): Promise<void> {
  await db.query(
    `update imports set state = $2, failure = $3, updated_at = clock_timestamp(),
       finished_at = case when $2 = 'done' then clock_timestamp() end
     where id = $1`,
    [id, state, failure ?? null],
  );
}

export interface BadLine {
  readonly number: number;
  readonly reason: string;
  readonly detail: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Parks bad lines; one that is parked already stays as it is. */
export async function parkLines(db: Db, id: number, lines: readonly BadLine[]): Promise<void> {
  await db.query(
    `insert into dead_letters (origin, reason, detail, payload)
     select $1, bad.* from unnest($2::text[], $3::text[], $4::jsonb[]) as bad
     on conflict (origin, ((payload ->> 'line_number')::bigint)) where origin like 'import:%' do nothing`,
    [
      `import:${id}`,
      lines.map((line) => line.reason),
      lines.map((line) => line.detail),
      lines.map((line) => JSON.stringify({ line_number: line.number, ...line.payload })),
    ],
    'park_lines',
  );
}

/** Held to the end of the transaction; nothing is written in it, so it holds no vacuum back. */
export async function tryLockImport(tx: Db, fingerprint: Buffer): Promise<boolean> {
  const [row] = await tx.query<{ ok: boolean }>(
    'select pg_try_advisory_xact_lock($1::int4, $2::int4) as ok',
    // The first of the two keys is that of imports.
    [7_367, fingerprint.readInt32BE(0)],
  );
  return row!.ok;
}

export async function pingLock(tx: Db): Promise<void> {
  await tx.query('select 1');
}

export interface ImportRow {
  readonly id: number;
  readonly name: string;
  /** `interrupted` as well where the process that ran it said nothing for 10 s. */
  readonly state: StoredState;
  readonly lines: number;
  readonly lines_total: number;
  readonly bytes_read: number;
  readonly bytes_total: number;
  readonly events: number;
  readonly parked: number;
  /** Lines a second. */
  readonly rate: number;
  /** Milliseconds to the end at this rate; null where nobody can tell. */
  readonly eta_ms: number | null;
  readonly failure: string | null;
  readonly started_at: Date;
  readonly finished_at: Date | null;
}

/** The latest 50 imports, newest first, for `GET /api/status` and `weir doctor`. */
export async function listImports(db: Db): Promise<ImportRow[]> {
  return db.query<ImportRow>(
    `with seen as (
       select *, case when state = 'running' and updated_at < clock_timestamp() - interval '10 s'
         then 'interrupted' else state end as shown
       from imports order by id desc limit 50)
     select id, name, shown as state, lines, lines_total, bytes_read, bytes_total, events, parked,
       case when shown = 'running' then rate else 0 end as rate,
       case when shown = 'done' then 0
            when shown = 'running' and rate > 0
            then round((greatest(lines_total - lines, 0) / rate * 1000)::numeric)::bigint end as eta_ms,
       failure, started_at, finished_at
     from seen order by id desc`,
    [],
    'list_imports',
  );
}

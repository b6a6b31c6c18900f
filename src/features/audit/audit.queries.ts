import type { Db } from '../../db/pool.ts';
import { type AuditEntry, type AuditRow, CHAIN_START, findBreak, hashAudit } from './audit-chain.ts';

// One after the other: each row is made of the one before. Acts of staff are few.
const AUDIT_LOCK = 7_366_005;
const CHUNK = 5_000;
const COLUMNS = 'seq, at, actor_id, action, subject, detail, hash';

/** Writes in the transaction of the act: both are there, or neither. Returns the row's number. */
export async function appendAudit(tx: Db, entry: AuditEntry): Promise<number> {
  await tx.query('select pg_advisory_xact_lock($1)', [AUDIT_LOCK], 'lock_audit');
  const [last] = await tx.query<{ at: Date; seq: number | null; hash: Buffer | null }>(
    `select date_trunc('milliseconds', clock_timestamp()) as at, seq, hash
     from (select) as one left join (select seq, hash from audit_log order by seq desc limit 1) as last on true`,
    [],
    'last_audit',
  );
  const row = {
    seq: (last?.seq ?? 0) + 1,
    at: last!.at,
    actor_id: entry.actorId ?? null,
    action: entry.action,
    subject: entry.subject,
    detail: entry.detail,
  };
  await tx.query(
    `insert into audit_log (${COLUMNS}) values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      row.seq,
      row.at,
      row.actor_id,
      row.action,
      row.subject,
      JSON.stringify(row.detail),
      hashAudit(last?.hash ?? CHAIN_START, row),
    ],
    'insert_audit',
  );
  return row.seq;
}

export interface AuditFilter {
  readonly subject: string | undefined;
  readonly actorId: number | undefined;
  readonly before: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export function listAudit(db: Db, { subject, actorId, before, limit }: AuditFilter): Promise<AuditRow[]> {
  return db.query<AuditRow>(
    `select ${COLUMNS} from audit_log
     where seq < $1 and ($2::text is null or subject = $2) and ($3::bigint is null or actor_id = $3)
     order by seq desc limit $4`,
    [before ?? Number.MAX_SAFE_INTEGER, subject ?? null, actorId ?? null, limit],
  );
}

export interface AuditCheck {
  readonly rows: number;
  /** The first row that does not follow the one before it; undefined where all do. */
  readonly brokenAt: number | undefined;
}

/** Reads the whole chain. What was cut off at its end can only be told by who wrote down its last hash. */
export async function checkAudit(db: Db): Promise<AuditCheck> {
  let last: { seq: number; hash: Buffer } = { seq: 0, hash: CHAIN_START };
  for (;;) {
    const rows = await db.query<AuditRow>(
      `select ${COLUMNS} from audit_log where seq > $1 order by seq limit ${CHUNK}`,
      [last.seq],
    );
    const brokenAt = findBreak(last, rows);
    if (brokenAt !== undefined) return { rows: last.seq, brokenAt };
    const end = rows.at(-1);
    if (!end) return { rows: last.seq, brokenAt: undefined };
    last = end;
  }
}

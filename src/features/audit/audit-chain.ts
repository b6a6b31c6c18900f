import { createHash } from 'node:crypto';

export interface AuditEntry {
  /** undefined: the server itself. */
  readonly actorId: number | undefined;
  /** As `post.hide`. */
  readonly action: string;
  /** What was acted upon, as `post:12`. */
  readonly subject: string;
  /** No personal data: it stays when a member is erased. */
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditRow {
  readonly seq: number;
  readonly at: Date;
  readonly actor_id: number | null;
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly hash: Buffer;
}

/** What the first row follows. */
export const CHAIN_START = Buffer.alloc(32);

/** SHA-256 of the hash before and of the row in one fixed form. */
export function hashAudit(before: Buffer, row: Omit<AuditRow, 'hash'>): Buffer {
  const { seq, at, actor_id, action, subject, detail } = row;
  const names = Object.keys(detail).sort();
  const form = [seq, at.toISOString(), actor_id, action, subject, names.map((name) => [name, detail[name]])];
  return createHash('sha256').update(before).update(JSON.stringify(form)).digest();
}

/** The first row that does not follow the one before; undefined where the chain holds. `before`: hash and seq of the row before. */
export function findBreak(
  before: { readonly seq: number; readonly hash: Buffer },
  rows: readonly AuditRow[],
): number | undefined {
  let last = before;
  for (const row of rows) {
    if (row.seq !== last.seq + 1 || !hashAudit(last.hash, row).equals(row.hash)) return row.seq;
    last = row;
  }
  return undefined;
}

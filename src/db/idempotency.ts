import { AppError } from '../kit/errors.ts';
import type { Db } from './pool.ts';

/** Names a creating request: see http/idempotency-key.ts, which reads it. */
export interface Claim {
  readonly memberId: number;
  readonly route: string;
  readonly key: string;
  readonly fingerprint: Buffer;
}

/** The answer that this claim was given, in a box; undefined for a new one. Throws `invalid` where the key named another request. */
export async function findAnswer<T>(db: Db, claim: Claim): Promise<{ readonly answer: T } | undefined> {
  const [row] = await db.query<{ answer: T; fingerprint: Buffer }>(
    `select answer, fingerprint from idempotency_keys
     where member_id = $1 and route = $2 and key = $3 and created_at > now() - interval '24 hours'`,
    [claim.memberId, claim.route, claim.key],
    'find_answer',
  );
  if (!row) return undefined;
  if (row.fingerprint.equals(claim.fingerprint)) return { answer: row.answer };
  throw new AppError(
    'invalid',
    'This Idempotency-Key already named another request here, whose answer stands. Make a new key for a new request.',
    { errors: [{ path: 'Idempotency-Key', message: 'used before for another request' }] },
  );
}

/**
 * Does `work` once for a claim: the same claim again, at the same time or within 24 hours, resolves to the first one's
 * result as JSON gives it back. What `work` throws is not kept, so that the request can be repeated. Without a claim it is
 * `work` in a transaction of its own.
 */
export async function runOnce<T>(db: Db, claim: Claim | undefined, work: (tx: Db) => Promise<T>): Promise<T> {
  if (!claim) return db.transaction(work);
  const known = await findAnswer<T>(db, claim);
  if (known) return known.answer;
  const made = await db.transaction(async (tx) => {
    // Waits for one that is under way under the same key; takes over one that is past its hours.
    const [own] = await tx.query(
      `insert into idempotency_keys as k (member_id, route, key, fingerprint) values ($1, $2, $3, $4)
       on conflict (member_id, route, key) do update set fingerprint = excluded.fingerprint, answer = null, created_at = now()
       where k.created_at <= now() - interval '24 hours'
       returning 1`,
      [claim.memberId, claim.route, claim.key, claim.fingerprint],
      'claim_key',
    );
    if (!own) return undefined;
    const answer = await work(tx);
    await tx.query(
      'update idempotency_keys set answer = $4 where member_id = $1 and route = $2 and key = $3',
      [claim.memberId, claim.route, claim.key, JSON.stringify(answer)],
      'keep_answer',
    );
    return { answer };
  });
  return (made ?? (await getAnswer<T>(db, claim))).answer;
}

/** The answer of one that was just seen to be there. */
export async function getAnswer<T>(db: Db, claim: Claim): Promise<{ readonly answer: T }> {
  const known = await findAnswer<T>(db, claim);
  if (known) return known;
  throw new AppError('unavailable', 'The same request failed a moment ago. Nothing was kept; repeat it.');
}

/** Removes answers past their 24 hours. Returns how many. */
export async function sweepAnswers(db: Db): Promise<number> {
  const rows = await db.query(
    `delete from idempotency_keys where created_at <= now() - interval '24 hours' returning 1`,
  );
  return rows.length;
}

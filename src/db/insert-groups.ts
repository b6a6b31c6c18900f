import type { Clock } from '../kit/clock.ts';
import { AppError, EngineError } from '../kit/errors.ts';
import { createGroupQueue } from '../kit/group-queue.ts';
import { type Claim, getAnswer } from './idempotency.ts';
import { isRollback, isUniqueViolation } from './pg-errors.ts';
import type { Db } from './pool.ts';
import { findQuotaWait, type WriteQuota } from './write-quotas.ts';

const MAX_GROUP = 100;
const MAX_QUEUED = 2_000;
const MAX_WAIT_MS = 400;
const DEADLINE_MS = 2_500;
const TRIES = 3;

/** What is written for a member, perhaps under an Idempotency-Key. */
export interface MembersRow {
  readonly authorId: number;
  readonly claim: Omit<Claim, 'memberId'> | undefined;
}

/** What the statement says of one row, `at` counted from 1. One without: it could not be written where it belongs. */
export interface InsertedRow<M> {
  readonly at: number;
  /** Null: refused. */
  readonly made: M | null;
  readonly refused: string | null;
}

interface InsertGroupsOptions<T, M> {
  readonly db: Db;
  readonly clock: Clock;
  /** False only by RATE_LIMITS=off. */
  readonly limited: boolean;
  readonly quota: WriteQuota;
  /** Plural, for messages: "posts". */
  readonly what: string;
  /** One statement. `refused: 'limit'` where the member is past the quota. A used key fails it (`idempotency_keys_pkey`). */
  readonly insert: (rows: readonly T[]) => Promise<readonly InsertedRow<M>[]>;
}

export type Inserted<M> = { readonly made: M } | { readonly refused: string };

export interface InsertGroups<T, M> {
  /** `closed` where no row came back for it. Rejects with `rate_limited`, and as a write does. */
  readonly create: (row: T) => Promise<Inserted<M>>;
  readonly close: () => Promise<void>;
}

type Outcome<M> = Inserted<M> | { readonly error: unknown };
const SAME_KEY = 'same-key';

/**
 * Writes rows of different members in groups: whatever arrives while one group is written is the next one, so that nobody
 * waits for the commit of every other.
 */
export function createInsertGroups<T extends MembersRow, M>(
  options: InsertGroupsOptions<T, M>,
): InsertGroups<T, M> {
  const { db, quota, what } = options;
  const queue = createGroupQueue<T, Outcome<M>>({
    clock: options.clock,
    maxGroup: MAX_GROUP,
    maxQueued: MAX_QUEUED,
    maxWaitMs: MAX_WAIT_MS,
    deadlineMs: DEADLINE_MS,
    write: async (rows) => {
      const outcomes = new Map<T, Outcome<M>>();
      for (const round of toRounds(rows, options.limited)) await writeRound(round, outcomes);
      return rows.map((row) => outcomes.get(row)!);
    },
  });

  async function writeRound(rows: readonly T[], outcomes: Map<T, Outcome<M>>): Promise<void> {
    try {
      for (const row of rows) outcomes.set(row, { refused: 'closed' });
      for (const { at, made, refused } of await insertAgain(options.insert, rows))
        outcomes.set(rows[at - 1]!, made ? { made } : { refused: refused ?? 'closed' });
    } catch (error) {
      const sameKey = isUniqueViolation(error, 'idempotency_keys_pkey');
      // One repeated key fails its statement: alone, the others are written.
      if (sameKey && rows.length > 1) for (const row of rows) await writeRound([row], outcomes);
      else for (const row of rows) outcomes.set(row, sameKey ? { refused: SAME_KEY } : { error });
    }
  }

  async function tooMany(memberId: number): Promise<AppError> {
    const retryAfter = Math.ceil(await findQuotaWait(db, memberId, quota));
    return new AppError(
      'rate_limited',
      `A member may write ${quota.perMinute} ${what} a minute and ${quota.perDay} a day. Try again in ${retryAfter} s.`,
      { retryAfter },
    );
  }

  return {
    create: async (row) => {
      const outcome = (await queue.add([row]).catch((error) => inOwnWords(error, what)))[0]!;
      if ('error' in outcome) throw outcome.error;
      if ('made' in outcome) return outcome;
      if (outcome.refused === 'limit') throw await tooMany(row.authorId);
      if (outcome.refused !== SAME_KEY) return outcome;
      const claim = { ...row.claim!, memberId: row.authorId };
      await dropOldAnswer(db, claim);
      return { made: (await getAnswer<M>(db, claim)).answer };
    },
    close: queue.close,
  };
}

/** The same rows locked in another order by another process: one of the two was rolled back, and may go again. */
async function insertAgain<T, M>(
  insert: (rows: readonly T[]) => Promise<readonly InsertedRow<M>[]>,
  rows: readonly T[],
): Promise<readonly InsertedRow<M>[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await insert(rows);
    } catch (error) {
      if (tries === TRIES || !isRollback(error)) throw error;
    }
  }
}

/** A statement takes one row of a member where they are limited, and one of each key. */
function toRounds<T extends MembersRow>(rows: readonly T[], limited: boolean): T[][] {
  const rounds: { readonly rows: T[]; readonly names: Set<string> }[] = [];
  for (const row of rows) {
    const name = limited ? `${row.authorId}` : row.claim && `${row.authorId} ${row.claim.key}`;
    let round = rounds.find(({ names }) => name === undefined || !names.has(name));
    if (!round) {
      round = { rows: [], names: new Set() };
      rounds.push(round);
    }
    round.rows.push(row);
    if (name !== undefined) round.names.add(name);
  }
  return rounds.map((round) => round.rows);
}

/** Makes room for a key that is past its 24 hours and not swept yet. */
async function dropOldAnswer(db: Db, { memberId, route, key }: Claim): Promise<void> {
  await db.query(
    `delete from idempotency_keys
     where member_id = $1 and route = $2 and key = $3 and created_at <= now() - interval '24 hours'`,
    [memberId, route, key],
  );
}

function inOwnWords(error: unknown, what: string): never {
  if (!(error instanceof AppError) || error instanceof EngineError) throw error;
  const detail =
    error.code === 'outcome_unknown'
      ? 'The database did not answer in time. It may have been kept: repeat the request with the same Idempotency-Key, or look first.'
      : `More ${what} wait than can be written in time. Nothing of this request was kept; repeat it after Retry-After.`;
  throw new AppError(error.code, detail, { cause: error });
}

import type { Db } from '../../db/pool.ts';
import { dayOfEventId } from '../../events/event-id.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { COUNT_BATCH, COUNTABLE, COUNTED_COLUMNS } from '../aggregate/index.ts';
import { sealAlone } from '../retention/index.ts';

export interface Parked {
  readonly id: number;
  readonly origin: string;
  readonly reason: string;
  readonly detail: string;
  readonly tries: number;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly parked_at: Date;
}

export function listParked(db: Db, limit: number): Promise<Parked[]> {
  return db.query<Parked>(
    'select id, origin, reason, detail, tries, payload, parked_at from dead_letters where replayed_at is null order by id limit $1',
    [limit],
  );
}

export function findParked(db: Db, ids: readonly number[] | undefined): Promise<Parked[]> {
  return db.query<Parked>(
    `select id, origin, reason, detail, tries, payload, parked_at from dead_letters
     where replayed_at is null and ($1::bigint[] is null or id = any($1)) order by id`,
    [ids ?? null],
  );
}

export async function addTry(db: Db, id: number, detail: string): Promise<void> {
  await db.query('update dead_letters set tries = tries + 1, detail = $2 where id = $1', [id, detail]);
}

/**
 * Counts one event that the aggregator once moved over. The row is taken first: two replays at once count it once.
 * Returns false where it is still not countable.
 */
export async function countParkedEvent(db: Db, letter: Parked): Promise<boolean> {
  return db.transaction(async (tx) => {
    const taken = await tx.query(
      'update dead_letters set replayed_at = now() where id = $1 and replayed_at is null returning id',
      [letter.id],
    );
    if (taken.length === 0) return true;
    const gone = letter.payload.event !== undefined;
    if (gone) await restoreRow(tx, letter);
    const counted = await tx.query(
      `with batch as materialized (
         select ${COUNTED_COLUMNS} from ${gone ? 'going' : 'event_log'} where lane = $1 and seq = $2 and ${COUNTABLE}
       ),
       ${COUNT_BATCH}
       select 1 from batch`,
      [letter.payload.lane, letter.payload.seq],
    );
    if (counted.length === 0)
      await tx.query('update dead_letters set replayed_at = null, tries = tries + 1 where id = $1', [
        letter.id,
      ]);
    else if (gone) await sealAlone(tx, 'going', dayOfEventId(String(letter.payload.event_id)));
    failpoint?.('replay.before-commit');
    return counted.length > 0;
  });
}

/** The event of a letter whose raw row retention has removed, as the only row of the table `going`. */
async function restoreRow(tx: Db, letter: Parked): Promise<void> {
  await tx.query('create temp table going on commit drop as select * from event_log limit 0');
  await tx.query(
    `insert into going (event_id, lane, seq, actor, subject_id, occurred_at, subject_kind, type, rule)
     select $1, $2, $3, e.* from jsonb_to_record($4) as e
       (actor uuid, subject_id int8, occurred_at timestamptz, subject_kind int2, type int2, rule int2)`,
    [letter.payload.event_id, letter.payload.lane, letter.payload.seq, JSON.stringify(letter.payload.event)],
  );
}

/** Empties the lines of imported logs that were parked before then: they hold whole addresses. The reason stays. */
export async function emptyOldLines(db: Db, before: Date): Promise<void> {
  await db.query(
    `update dead_letters set payload = payload - 'line'
     where origin like 'import:%' and parked_at < $1 and payload ? 'line'`,
    [before],
  );
}

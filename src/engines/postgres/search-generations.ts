import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import { TERMS_VERSION } from '../../kit/text/word-terms.ts';

const REBUILD_LOCK = 7_366_018;

export interface BuildingGeneration {
  readonly id: number;
  readonly filled_to: number;
}

/** The generation that is being built: one that an interrupted rebuild left, or a new one. */
export function beginGeneration(db: Db): Promise<BuildingGeneration> {
  return db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [REBUILD_LOCK]);
    const [left] = await tx.query<BuildingGeneration & { terms_version: number }>(
      `select id, filled_to, terms_version from search_generations where state = 'building'`,
    );
    if (left?.terms_version === TERMS_VERSION) return left;
    // By an older program: half of it would be read in another way.
    if (left) await dropGeneration(tx, left.id);
    const [made] = await tx.query<BuildingGeneration>(
      `insert into search_generations (terms_version, state) values ($1, 'building') returning id, filled_to`,
      [TERMS_VERSION],
    );
    const name = partitionOf(made!.id);
    // Attaching takes a weaker lock than `create table … partition of`: searches go on meanwhile.
    await tx.query(
      `create table ${name} (like search_documents including all) with (toast_tuple_target = 8160)`,
    );
    await tx.query(`alter table search_documents attach partition ${name} for values in (${made!.id})`);
    return made!;
  });
}

export async function moveFilledTo(tx: Db, generation: number, upTo: number): Promise<void> {
  await tx.query(
    `update search_generations set filled_to = greatest(filled_to, $2) where id = $1 and state = 'building'`,
    [generation, upTo],
  );
}

/** The one that was built answers from the commit on; the old one is gone with it. */
export function publishGeneration(db: Db, generation: number): Promise<void> {
  return db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock($1)', [REBUILD_LOCK]);
    const rows = await tx.query<{ id: number; state: string }>('select id, state from search_generations');
    // Another process that rebuilt it too was first.
    if (!rows.some(({ id, state }) => id === generation && state === 'building')) return;
    for (const { id, state } of rows) if (state === 'live') await dropGeneration(tx, id);
    await tx.query(`update search_generations set state = 'live' where id = $1`, [generation]);
    failpoint?.('index.before-publish');
  });
}

async function dropGeneration(tx: Db, id: number): Promise<void> {
  await tx.query('delete from search_words where generation = $1', [id]);
  await tx.query('delete from search_generations where id = $1', [id]);
  // It waits for the searches under way, and those behind it wait too: a moment, since none of them lasts.
  await tx.query(`drop table ${partitionOf(id)}`);
}

function partitionOf(generation: number): string {
  return `search_documents_${Number(generation)}`;
}

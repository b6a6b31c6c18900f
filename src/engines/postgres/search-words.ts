import type { Db } from '../../db/pool.ts';
import { editDistance, toTrigrams } from '../../kit/text/edit-distance.ts';
import { toJamo } from '../../kit/text/hangul.ts';
import type { Statistics } from './search-plan.ts';

const TRIGRAM_BATCH = 5_000;
const MOST_CANDIDATES = 60;
const COUNT_LOCK = 7_366_017;

export interface LiveGeneration {
  readonly id: number;
  readonly terms_version: number;
  readonly documents: number;
  readonly statistics: Statistics;
}

/** The generation that answers, and how common these terms are in it. */
export async function readStatistics(db: Db, terms: readonly string[]): Promise<LiveGeneration> {
  const [row] = await db.query<{
    id: number;
    terms_version: number;
    documents: number;
    seen: Record<string, number> | null;
  }>(
    `select id, terms_version, documents,
       (select json_object_agg(term, w.documents) from search_words w where generation = g.id and term = any($1)) as seen
     from search_generations g where state = 'live'`,
    [terms],
    'search_statistics',
  );
  const { id, terms_version, documents, seen } = row!;
  const known = new Map(Object.entries(seen ?? {}));
  return { id, terms_version, documents, statistics: { documents, of: (term) => known.get(term) ?? 0 } };
}

/**
 * Counts in how many documents each term is, and prepares new words for being suggested. Reads the whole index: for when a
 * good part of it has changed. One at a time; returns whether this call did it.
 */
export async function countWords(db: Db, generation: number): Promise<boolean> {
  const counted = await db.transaction(async (tx) => {
    const [lock] = await tx.query<{ got: boolean }>('select pg_try_advisory_xact_lock($1) as got', [
      COUNT_LOCK,
    ]);
    if (!lock?.got) return false;
    await tx.query(
      `with now as materialized (
         select word as term, ndoc as documents
         from ts_stat('select terms from search_documents where generation = ${Number(generation)}')
         where word !~ '^\\^'
       ), gone as (
         delete from search_words w where generation = $1 and not exists (select from now n where n.term = w.term)
       )
       insert into search_words (generation, term, documents) select $1, term, documents from now
       on conflict (generation, term) do update set documents = excluded.documents
         where search_words.documents <> excluded.documents`,
      [generation],
    );
    await tx.query(
      `update search_generations set changed = 0, counted_at = now(),
         documents = (select count(*) from search_documents where generation = $1 and terms is not null)
       where id = $1`,
      [generation],
    );
    return true;
  });
  if (counted) while ((await addTrigrams(db, generation)) === TRIGRAM_BATCH);
  return counted;
}

/** A word of Hangul with two syllables, or of Latin with three letters: shorter ones are near to everything. */
const SUGGESTIBLE = /^=?([가-힣]{2,12}|[a-z]{3,20})$/;

async function addTrigrams(db: Db, generation: number): Promise<number> {
  const rows = await db.query<{ term: string }>(
    'select term from search_words where generation = $1 and trigrams is null order by term limit $2',
    [generation, TRIGRAM_BATCH],
  );
  if (rows.length === 0) return 0;
  const terms = rows.map(({ term }) => term);
  const trigrams = terms.map((term) => {
    const word = SUGGESTIBLE.exec(term)?.[1];
    return word === undefined ? '' : toTrigrams(toJamo(word)).join('|');
  });
  await db.query(
    `update search_words w set trigrams = case when given.joined = '' then '{}' else string_to_array(given.joined, '|') end
     from unnest($2::text[], $3::text[]) as given(term, joined) where w.generation = $1 and w.term = given.term`,
    [generation, terms, trigrams],
  );
  return rows.length;
}

/** The word of the index that this one is most likely a mistyping of. */
export async function findMeant(
  db: Db,
  generation: number,
  word: string,
): Promise<{ readonly word: string; readonly documents: number } | undefined> {
  const letters = toJamo(word);
  const most = letters.length <= 3 ? 0 : letters.length <= 8 ? 1 : 2;
  if (most === 0) return undefined;
  const rows = await db.query<{ term: string; documents: number }>(
    `select term, documents from search_words where generation = $1 and trigrams && $2::text[]
     order by (select count(*) from unnest(trigrams) as one where one = any($2::text[])) * 2.0
       / (cardinality(trigrams) + cardinality($2::text[])) desc, documents desc limit $3`,
    [generation, toTrigrams(letters), MOST_CANDIDATES],
    'search_meant',
  );
  let best: { word: string; documents: number; distance: number } | undefined;
  for (const { term, documents } of rows) {
    const candidate = term.replace('=', '');
    const distance = editDistance(letters, toJamo(candidate), most);
    if (distance === 0 || distance > most) continue;
    if (!best || distance < best.distance || (distance === best.distance && documents > best.documents))
      best = { word: candidate, documents, distance };
  }
  return best;
}

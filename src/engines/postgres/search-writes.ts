import { isDataError } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import type { Analyzer } from '../../kit/text/analyzer.ts';
import { normalize } from '../../kit/text/words.ts';
import type { IndexedDocument, IndexOutcome, SearchDocument } from '../../ports/search-index.ts';
import { toTsvector } from './search-terms.ts';

/** Of a longer text the rest is kept out of the index: a tsvector has no more than 16,383 places. */
const MOST_BODY_CHARS = 30_000;
const ROW_HASH = `md5(concat_ws('|', revision, board_id, author_id, extract(epoch from created_at), title, body, terms::text))`;

/** A document as it is written. */
export interface SearchRow {
  readonly post_id: number;
  readonly revision: number;
  readonly board_id: number | null;
  readonly author_id: number | null;
  readonly created_at: string | null;
  readonly title: string;
  readonly body: string;
  readonly terms: string | null;
  readonly length: number;
  readonly source_hash: string;
}

export async function toRow(document: SearchDocument, analyzer: Analyzer): Promise<SearchRow> {
  const { postId, revision, sourceHash, content } = document;
  const ids = { post_id: postId, revision, source_hash: sourceHash };
  if (!content) {
    const nothing = {
      board_id: null,
      author_id: null,
      created_at: null,
      title: '',
      body: '',
      terms: null,
      length: 0,
    };
    return { ...ids, ...nothing };
  }
  const title = storable(content.title);
  const body = storable(content.body).slice(0, MOST_BODY_CHARS).toWellFormed();
  const [titleWords, bodyWords] = [await analyzer.analyze(title), await analyzer.analyze(body)];
  return {
    ...ids,
    board_id: content.boardId,
    author_id: content.authorId,
    created_at: content.createdAt.toISOString(),
    title,
    body,
    terms: await toTsvector(titleWords, bodyWords),
    length: titleWords.length + bodyWords.length,
  };
}

/** PostgreSQL keeps no NUL and no half of a character. */
function storable(text: string): string {
  return normalize(text.toWellFormed()).replaceAll('\u0000', ' ');
}

/** Writes into the generations in those states, in one statement. Rows of one post once each. */
export async function writeRows(
  db: Db,
  rows: readonly SearchRow[],
  states: readonly ('live' | 'building')[],
): Promise<Map<number, IndexOutcome>> {
  try {
    const written = await insertRows(db, rows, states);
    return new Map(
      rows.map(({ post_id: id }) => [id, { status: written.has(id) ? 'indexed' : 'older' } as const]),
    );
  } catch (error) {
    if (!isDataError(error)) throw error;
    const [only, ...others] = rows;
    if (only && others.length === 0)
      return new Map([[only.post_id, { status: 'unindexable', reason: (error as Error).message }]]);
    // Halved until the bad one stands alone.
    const middle = rows.length >> 1;
    const halves = [rows.slice(0, middle), rows.slice(middle)];
    const outcomes = new Map<number, IndexOutcome>();
    for (const half of halves)
      for (const [id, outcome] of await writeRows(db, half, states)) outcomes.set(id, outcome);
    return outcomes;
  }
}

async function insertRows(
  db: Db,
  rows: readonly SearchRow[],
  states: readonly string[],
): Promise<ReadonlySet<number>> {
  const written = await db.query<{ post_id: number }>(
    `insert into search_documents as d
       (generation, post_id, revision, board_id, author_id, created_at, title, body, terms, length, source_hash, row_hash)
     select generation, post_id, revision, board_id, author_id, created_at, title, body, terms, length, source_hash, ${ROW_HASH}
     from (select post_id, revision, board_id, author_id, created_at, title, body, terms::tsvector as terms, length, source_hash
           from json_to_recordset($1::json) as row(post_id bigint, revision bigint, board_id bigint, author_id bigint,
             created_at timestamptz, title text, body text, terms text, length integer, source_hash text)) as new_row,
       (select id as generation from search_generations where state = any($2)) as target
     order by generation, post_id
     on conflict (generation, post_id) do update set revision = excluded.revision, board_id = excluded.board_id,
       author_id = excluded.author_id, created_at = excluded.created_at, title = excluded.title, body = excluded.body,
       terms = excluded.terms, length = excluded.length, source_hash = excluded.source_hash, row_hash = excluded.row_hash
     where d.revision <= excluded.revision
     returning post_id`,
    [JSON.stringify(rows), states],
    'search_insert',
  );
  return new Set(written.map((row) => row.post_id));
}

export async function listDocuments(db: Db, afterId: number, limit: number): Promise<IndexedDocument[]> {
  const rows = await db.query<{
    post_id: number;
    revision: number;
    removed: boolean;
    source_hash: string;
    intact: boolean;
  }>(
    `select post_id, revision, terms is null as removed, source_hash, row_hash = ${ROW_HASH} as intact
     from search_documents
     where generation = (select id from search_generations where state = 'live') and post_id > $1
     order by post_id limit $2`,
    [afterId, limit],
  );
  return rows.map(({ post_id, source_hash, ...row }) => ({
    ...row,
    postId: post_id,
    sourceHash: source_hash,
  }));
}

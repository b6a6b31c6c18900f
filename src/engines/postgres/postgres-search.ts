import type { Db } from '../../db/pool.ts';
import { failpoint } from '../../kit/failpoint.ts';
import type { Logger } from '../../kit/logger.ts';
import { type Analyzer, createAnalyzer, UnreadableText } from '../../kit/text/analyzer.ts';
import { TERMS_VERSION } from '../../kit/text/word-terms.ts';
import type {
  IndexOutcome,
  Rebuild,
  Search,
  SearchDocument,
  SearchIndex,
  SearchIndexState,
} from '../../ports/search-index.ts';
import { answerSearch } from './search-answer.ts';
import { beginGeneration, moveFilledTo, publishGeneration } from './search-generations.ts';
import { RANKING, type Ranking } from './search-plan.ts';
import { countWords } from './search-words.ts';
import { listDocuments, type SearchRow, toRow, writeRows } from './search-writes.ts';

interface PostgresSearchDeps {
  readonly db: Db;
  /** Without a limit of time on a statement: counting the words of a large index takes seconds. */
  readonly maintenance: Db;
  readonly log: Logger;
  readonly ranking?: Ranking;
}

/** Words are counted anew once this part of the documents has changed, so a document pays for five of them at most. */
const CHANGED_PART = 0.2;
/** Of text and terms in one statement: it is made into JSON in one go. */
const MOST_CHARS_AT_ONCE = 1_000_000;

/** The search index in PostgreSQL: tsvectors of terms that we make ourselves, no extension. */
export function openPostgresSearch(deps: PostgresSearchDeps): SearchIndex {
  const { db, maintenance, log, ranking = RANKING } = deps;
  const analyzer = createAnalyzer();
  let counting: Promise<void> | undefined;

  async function index(documents: readonly SearchDocument[]): Promise<readonly IndexOutcome[]> {
    const outcomes = await write(db, analyzer, documents, ['live', 'building']);
    await noteChanges(outcomes.filter(({ status }) => status === 'indexed').length);
    return outcomes;
  }

  async function noteChanges(changed: number): Promise<void> {
    if (changed === 0) return;
    const [due] = await db.query<{ id: number }>(
      `update search_generations set changed = changed + $1 where state = 'live'
       returning case when changed >= documents * ${CHANGED_PART} then id end as id`,
      [changed],
      'search_changed',
    );
    if (due?.id == null) return;
    // Answers are right without it, only weighed by older numbers.
    counting ??= countWords(maintenance, due.id)
      .then(
        () => undefined,
        (error: unknown) => log.warn({ err: error }, 'the words of the search index could not be counted'),
      )
      .finally(() => (counting = undefined));
  }

  async function rebuild(): Promise<Rebuild> {
    const { id, filled_to } = await beginGeneration(maintenance);
    return {
      filledTo: filled_to,
      // In this order: who dies in between writes the batch again, to the same effect.
      fill: async (documents, upTo) => {
        const outcomes = await write(maintenance, analyzer, documents, ['building']);
        failpoint?.('index.after-fill');
        await moveFilledTo(maintenance, id, upTo);
        return outcomes;
      },
      publish: async () => {
        await countWords(maintenance, id);
        await publishGeneration(maintenance, id);
        failpoint?.('index.after-publish');
      },
    };
  }

  return {
    index,
    search: (search: Search) => answerSearch({ db, analyzer, ranking }, search),
    list: (afterId, limit) => listDocuments(db, afterId, limit),
    rebuild,
    describe: () => describe(db),
    close: async () => {
      await counting;
      await analyzer.close();
    },
  };
}

async function write(
  db: Db,
  analyzer: Analyzer,
  documents: readonly SearchDocument[],
  states: readonly ('live' | 'building')[],
): Promise<IndexOutcome[]> {
  const newest = new Map<number, SearchDocument>();
  for (const document of documents)
    if (document.revision >= (newest.get(document.postId)?.revision ?? 0))
      newest.set(document.postId, document);
  const outcomes = new Map<number, IndexOutcome>();
  let rows: SearchRow[] = [];
  let chars = 0;
  const flush = async () => {
    if (rows.length > 0) for (const [id, one] of await writeRows(db, rows, states)) outcomes.set(id, one);
    rows = [];
    chars = 0;
  };
  // One after the other, since one thread reads them; so what is held at once is bounded, however long the texts are.
  for (const document of newest.values()) {
    const row = await readRow(document, analyzer);
    if ('status' in row) outcomes.set(document.postId, row);
    else {
      rows.push(row);
      chars += row.body.length + (row.terms?.length ?? 0);
    }
    if (chars > MOST_CHARS_AT_ONCE) await flush();
  }
  await flush();
  return documents.map((document) =>
    newest.get(document.postId) === document ? outcomes.get(document.postId)! : { status: 'older' },
  );
}

async function readRow(document: SearchDocument, analyzer: Analyzer): Promise<SearchRow | IndexOutcome> {
  try {
    return await toRow(document, analyzer);
  } catch (error) {
    if (!(error instanceof UnreadableText)) throw error;
    return { status: 'unindexable', reason: error.message };
  }
}

async function describe(db: Db): Promise<SearchIndexState> {
  const [row] = await db.query<{ id: number; terms_version: number; rebuilding: boolean; documents: number }>(
    `select id, terms_version, exists (select from search_generations where state = 'building') as rebuilding,
       (select count(*) from search_documents d where d.generation = g.id and d.terms is not null) as documents
     from search_generations g where state = 'live'`,
  );
  const { id, terms_version, rebuilding, documents } = row!;
  return { generation: id, documents, rebuilding, outdated: terms_version !== TERMS_VERSION };
}

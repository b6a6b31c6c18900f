import type { Db } from '../../db/pool.ts';
import type { IndexedDocument, SearchDocument, SearchIndex } from '../../ports/search-index.ts';
import { findPosts, listPosts, listWaitingPosts, measurePosts } from './found-posts.queries.ts';
import { toGone, toSearchDocument } from './search-document.ts';

/** missing: not found, though it is shown. shown: found, though it is not. stale: of an older state. altered: by another hand. */
export type Drift = 'missing' | 'shown' | 'stale' | 'altered';

export interface SearchReport {
  readonly posts: number;
  readonly drifted: readonly { readonly postId: number; readonly drift: Drift }[];
  /** Not indexed yet; their jobs wait. */
  readonly waiting: number;
  readonly repaired: number;
  readonly finished: boolean;
}

interface VerifyOptions {
  readonly repair: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number, text: string) => void;
}

const BATCH = 1_000;

/** Holds the index against the posts, all of them. What changes meanwhile has its job, and is no drift. */
export async function verifySearch(
  db: Db,
  search: SearchIndex,
  { repair, signal, onProgress }: VerifyOptions,
): Promise<SearchReport> {
  const { lastId } = await measurePosts(db);
  const drifted: { postId: number; drift: Drift }[] = [];
  let posts = 0;
  let waiting = 0;
  let repaired = 0;
  let after = 0;
  for (;;) {
    if (signal.aborted) return { posts, drifted, waiting, repaired, finished: false };
    const indexed = await search.list(after, BATCH);
    const batch = await listPosts(db, after, BATCH);
    if (indexed.length === 0 && batch.length === 0) break;
    // Only as far as both have been read.
    const upTo = Math.min(
      lastOf(batch, (post) => post.id),
      lastOf(indexed, (one) => one.postId),
    );
    const there = batch.filter(({ id }) => id <= upTo);
    const entries = indexed.filter(({ postId }) => postId <= upTo);
    const suspects = compare(there.map(toSearchDocument), entries);
    const settled = await settle(db, search, suspects);
    waiting += settled.waiting;
    drifted.push(...settled.drifted);
    if (repair && settled.drifted.length > 0)
      repaired += await index(
        db,
        search,
        settled.drifted.map(({ postId }) => postId),
      );
    posts += there.length;
    after =
      upTo === Number.POSITIVE_INFINITY ? Math.max(batch.at(-1)?.id ?? 0, indexed.at(-1)?.postId ?? 0) : upTo;
    onProgress(Math.min(after, lastId), lastId, `${posts} posts, ${drifted.length} differ`);
  }
  return { posts, drifted, waiting, repaired, finished: true };
}

function lastOf<T>(rows: readonly T[], idOf: (row: T) => number): number {
  return rows.length < BATCH ? Number.POSITIVE_INFINITY : idOf(rows.at(-1)!);
}

function compare(
  documents: readonly SearchDocument[],
  entries: readonly IndexedDocument[],
): Map<number, Drift> {
  const drifts = new Map<number, Drift>();
  const byId = new Map(entries.map((entry) => [entry.postId, entry]));
  for (const document of documents) {
    const drift = compareOne(document, byId.get(document.postId));
    if (drift) drifts.set(document.postId, drift);
    byId.delete(document.postId);
  }
  for (const [postId, { removed }] of byId) if (!removed) drifts.set(postId, 'shown');
  return drifts;
}

function compareOne(document: SearchDocument, entry: IndexedDocument | undefined): Drift | undefined {
  if (!document.content) return entry && !entry.removed ? 'shown' : undefined;
  if (!entry || entry.removed) return 'missing';
  if (!entry.intact) return 'altered';
  return entry.sourceHash === document.sourceHash ? undefined : 'stale';
}

/** Both sides were read one after the other; what still differs when it is read again, and has no job, has drifted. */
async function settle(db: Db, search: SearchIndex, suspects: ReadonlyMap<number, Drift>) {
  const ids = [...suspects.keys()];
  if (ids.length === 0) return { drifted: [], waiting: 0 };
  const waiting = await listWaitingPosts(db, ids);
  const rest = ids.filter((id) => !waiting.has(id));
  const documents = new Map((await findPosts(db, rest)).map((post) => [post.id, toSearchDocument(post)]));
  const drifted: { postId: number; drift: Drift }[] = [];
  for (const id of rest) {
    const [entry] = await search.list(id - 1, 1);
    const found = compare([documents.get(id) ?? toGone(id)], entry?.postId === id ? [entry] : []).get(id);
    if (found) drifted.push({ postId: id, drift: found });
  }
  return { drifted, waiting: waiting.size };
}

async function index(db: Db, search: SearchIndex, ids: readonly number[]): Promise<number> {
  const posts = new Map((await findPosts(db, ids)).map((post) => [post.id, post]));
  const outcomes = await search.index(
    ids.map((id) => {
      const post = posts.get(id);
      return post ? toSearchDocument(post) : toGone(id);
    }),
  );
  return outcomes.filter(({ status }) => status === 'indexed').length;
}

import type { Db } from '../../db/pool.ts';
import type { SearchIndex } from '../../ports/search-index.ts';
import { listPosts, measurePosts } from './found-posts.queries.ts';
import { toSearchDocument } from './search-document.ts';

interface RebuildOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number, text: string) => void;
}

export interface RebuildReport {
  /** Posts read in this run; what an interrupted one had written is not among them. */
  readonly posts: number;
  readonly resumedAfter: number;
  readonly unindexable: readonly { readonly postId: number; readonly reason: string }[];
  readonly finished: boolean;
}

const BATCH = 500;

/** Builds the index anew beside the one that answers, and lets it answer once it is whole. Run again, it goes on. */
export async function rebuildSearch(
  db: Db,
  search: SearchIndex,
  { signal, onProgress }: RebuildOptions,
): Promise<RebuildReport> {
  const rebuild = await search.rebuild();
  const { lastId } = await measurePosts(db);
  const unindexable: { postId: number; reason: string }[] = [];
  let posts = 0;
  let after = rebuild.filledTo;
  const report = (finished: boolean) => ({ posts, resumedAfter: rebuild.filledTo, unindexable, finished });
  for (;;) {
    if (signal.aborted) return report(false);
    const batch = await listPosts(db, after, BATCH);
    if (batch.length === 0) break;
    after = batch.at(-1)!.id;
    const outcomes = await rebuild.fill(batch.map(toSearchDocument), after);
    for (const [at, outcome] of outcomes.entries())
      if (outcome.status === 'unindexable')
        unindexable.push({ postId: batch[at]!.id, reason: outcome.reason });
    posts += batch.length;
    onProgress(Math.min(after, lastId), Math.max(after, lastId), `${posts} posts`);
  }
  await rebuild.publish();
  return report(true);
}

import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { createGroupQueue } from '../../kit/group-queue.ts';
import type { SearchIndex } from '../../ports/search-index.ts';
import { findPosts } from './found-posts.queries.ts';
import { toGone, toSearchDocument } from './search-document.ts';

interface IndexPostsDeps {
  /** The primary: a standby may not have the post yet. */
  readonly db: Db;
  readonly search: SearchIndex;
  readonly clock: Clock;
}

export interface PostIndexer {
  /** Brings the index up to what the post is now. Any number of times, in any order, to the same effect. */
  readonly indexPost: (postId: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

const MOST_AT_ONCE = 100;
const MOST_WAITING = 2_000;
/** Below a job's lease. */
const DEADLINE_MS = 25_000;

/** Posts that come while others are written go together. */
export function createPostIndexer({ db, search, clock }: IndexPostsDeps): PostIndexer {
  const queue = createGroupQueue<number, string | undefined>({
    clock,
    maxGroup: MOST_AT_ONCE,
    maxQueued: MOST_WAITING,
    deadlineMs: DEADLINE_MS,
    write: (ids) => indexPosts(db, search, ids),
  });
  return {
    indexPost: async (postId) => {
      const [reason] = await queue.add([postId]);
      if (reason !== undefined) throw new AppError('invalid', `Post ${postId} cannot be indexed: ${reason}`);
    },
    close: queue.close,
  };
}

/** For each why it cannot be indexed, else undefined. */
async function indexPosts(
  db: Db,
  search: SearchIndex,
  ids: readonly number[],
): Promise<(string | undefined)[]> {
  const posts = new Map((await findPosts(db, ids)).map((post) => [post.id, post]));
  const documents = ids.map((id) => {
    const post = posts.get(id);
    return post ? toSearchDocument(post) : toGone(id);
  });
  const outcomes = await search.index(documents);
  return outcomes.map((outcome) => (outcome.status === 'unindexable' ? outcome.reason : undefined));
}

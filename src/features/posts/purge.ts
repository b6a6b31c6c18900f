import { sweepAnswers } from '../../db/idempotency.ts';
import type { Db } from '../../db/pool.ts';
import { purgePosts } from './posts.queries.ts';

const AT_ONCE = 500;

/** Posts that were deleted 30 days ago go for good, with their revisions and comments; kept answers after their hours. */
export async function purgeDeleted(db: Db, signal: AbortSignal): Promise<void> {
  await sweepAnswers(db);
  while (!signal.aborted && (await purgePosts(db, AT_ONCE)) === AT_ONCE);
}

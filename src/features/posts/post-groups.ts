import type { Claim } from '../../db/idempotency.ts';
import { getAnswer } from '../../db/idempotency.ts';
import { isRollback, isUniqueViolation } from '../../db/pg-errors.ts';
import type { Db } from '../../db/pool.ts';
import type { Clock } from '../../kit/clock.ts';
import { AppError } from '../../kit/errors.ts';
import { createGroupQueue } from '../../kit/group-queue.ts';
import {
  type CreatedPost,
  dropOldAnswer,
  findPostWait,
  insertPosts,
  type NewPost,
  PER_DAY,
  PER_MINUTE,
} from './create-posts.queries.ts';

const MAX_GROUP = 100;
const MAX_QUEUED = 2_000;
const MAX_WAIT_MS = 400;
const DEADLINE_MS = 2_500;
const TRIES = 3;

type Outcome =
  | { readonly made: CreatedPost }
  | { readonly refused: 'closed' | 'limit' | 'same-key' }
  | { readonly error: unknown };

export interface PostGroups {
  /** Undefined where the board is not open any more. Rejects with `rate_limited`, and as a write does. */
  readonly create: (post: NewPost, claim: Claim | undefined) => Promise<CreatedPost | undefined>;
  readonly close: () => Promise<void>;
}

/**
 * Creates posts in groups: whatever arrives while one group is written is the next one, so that places in the order of
 * commits (docs/decisions/0017) do not make each post wait for the commit of every other.
 */
export function createPostGroups(db: Db, clock: Clock, options: { readonly limited: boolean }): PostGroups {
  const queue = createGroupQueue<NewPost, Outcome>({
    clock,
    maxGroup: MAX_GROUP,
    maxQueued: MAX_QUEUED,
    maxWaitMs: MAX_WAIT_MS,
    deadlineMs: DEADLINE_MS,
    write: async (posts) => {
      const outcomes = new Map<NewPost, Outcome>();
      for (const round of toRounds(posts, options.limited)) await writeRound(round, outcomes);
      return posts.map((post) => outcomes.get(post)!);
    },
  });

  async function writeRound(posts: readonly NewPost[], outcomes: Map<NewPost, Outcome>): Promise<void> {
    try {
      const rows = await insertAgain(db, posts, options.limited);
      for (const post of posts) outcomes.set(post, { refused: 'closed' });
      for (const { at, made } of rows) outcomes.set(posts[at - 1]!, made ? { made } : { refused: 'limit' });
    } catch (error) {
      const sameKey = isUniqueViolation(error, 'idempotency_keys_pkey');
      // One repeated key fails its statement: alone, the others are written.
      if (sameKey && posts.length > 1) for (const post of posts) await writeRound([post], outcomes);
      else for (const post of posts) outcomes.set(post, sameKey ? { refused: 'same-key' } : { error });
    }
  }

  async function create(post: NewPost, claim: Claim | undefined): Promise<CreatedPost | undefined> {
    const outcome = (await queue.add([post]).catch(inOwnWords))[0]!;
    if ('error' in outcome) throw outcome.error;
    if ('made' in outcome) return outcome.made;
    if (outcome.refused === 'closed') return undefined;
    if (outcome.refused === 'limit') throw await tooMany(db, post.authorId);
    await dropOldAnswer(db, post.authorId, claim!);
    return (await getAnswer<CreatedPost>(db, claim!)).answer;
  }

  return { create, close: queue.close };
}

/** The same rows locked in another order by another process: one of the two was rolled back, and may go again. */
async function insertAgain(db: Db, posts: readonly NewPost[], limited: boolean) {
  for (let tries = 1; ; tries += 1) {
    try {
      return await insertPosts(db, posts, limited);
    } catch (error) {
      if (tries === TRIES || !isRollback(error)) throw error;
    }
  }
}

/** A statement takes one post of a member where posts are limited, and one of each key. */
function toRounds(posts: readonly NewPost[], limited: boolean): NewPost[][] {
  const rounds: { readonly posts: NewPost[]; readonly names: Set<string> }[] = [];
  for (const post of posts) {
    const name = limited ? `${post.authorId}` : post.claim && `${post.authorId} ${post.claim.key}`;
    let round = rounds.find(({ names }) => name === undefined || !names.has(name));
    if (!round) {
      round = { posts: [], names: new Set() };
      rounds.push(round);
    }
    round.posts.push(post);
    if (name !== undefined) round.names.add(name);
  }
  return rounds.map((round) => round.posts);
}

async function tooMany(db: Db, memberId: number): Promise<AppError> {
  const retryAfter = await findPostWait(db, memberId);
  return new AppError(
    'rate_limited',
    `A member may write ${PER_MINUTE} posts a minute and ${PER_DAY} a day. Try again in ${Math.ceil(retryAfter)} s.`,
    { retryAfter },
  );
}

function inOwnWords(error: unknown): never {
  if (!(error instanceof AppError)) throw error;
  const detail =
    error.code === 'outcome_unknown'
      ? 'The database did not answer in time. The post may have been kept: repeat the request with the same Idempotency-Key, or look first.'
      : 'More posts wait than can be written in time. Nothing of this request was kept; repeat it after Retry-After.';
  throw new AppError(error.code, detail, { cause: error });
}

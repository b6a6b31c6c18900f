import type { Db } from '../../db/pool.ts';
import type { Logger } from '../../kit/logger.ts';
import { parseQuestion, toPhraseText } from '../../kit/text/question.ts';
import type { Search, SearchIndex } from '../../ports/search-index.ts';
import { showUsername } from '../members/index.ts';
import { type FoundPostRow, findShownPosts, noteMiss } from './search.queries.ts';

export interface FoundPost {
  readonly id: number;
  readonly board: { readonly id: number; readonly title: string; readonly description: string };
  readonly author: { readonly id: number; readonly username: string; readonly display_name: string };
  readonly title: string;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
  readonly highlights: { readonly title: string; readonly content: string };
}

export interface Found {
  readonly total: number;
  readonly posts: readonly FoundPost[];
  readonly interpretedAs: string | undefined;
  readonly didYouMean: string | undefined;
}

export interface SearchDeps {
  readonly db: Db;
  readonly search: SearchIndex;
  readonly log: Logger;
}

/** Best match first. A post that was deleted or hidden a moment ago is left out, even if the index still has it. */
export async function findPostsByText(
  { db, search }: SearchDeps,
  asked: Search & { readonly boardIds: readonly number[] },
): Promise<Found> {
  const { hits, total, interpretedAs, didYouMean } = await search.search(asked);
  const ids = hits.map(({ postId }) => postId);
  const rows = ids.length === 0 ? [] : await findShownPosts(db, ids, asked.boardIds);
  const byId = new Map(rows.map((row) => [row.id, row]));
  const posts = hits.flatMap(({ postId, title, snippet }) => {
    const row = byId.get(postId);
    return row ? [toFoundPost(row, { title, content: snippet })] : [];
  });
  return { total, posts, interpretedAs, didYouMean };
}

function toFoundPost(row: FoundPostRow, highlights: FoundPost['highlights']): FoundPost {
  return {
    id: row.id,
    board: { id: row.board_id, title: row.board_title, description: row.board_description },
    author: row.author_deleted
      ? { id: row.author_id, username: '', display_name: 'deleted member' }
      : { id: row.author_id, username: showUsername(row.username, false), display_name: row.display_name },
    title: row.title,
    version: row.version,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    highlights,
  };
}

const LONGEST_NOTED = 60;
const NOTED_DAYS = 90;

/** Notes what was looked for and not found, unless it looks like somebody's address or number. Never fails the search. */
export async function noteMissed({ db, log }: SearchDeps, text: string): Promise<void> {
  const { wanted } = parseQuestion(text);
  const question = toPhraseText(wanted).slice(0, LONGEST_NOTED).trim();
  if (question === '' || /@/.test(wanted) || /\d[\d\s-]{5,}/.test(wanted)) return;
  try {
    await noteMiss(db, question, NOTED_DAYS);
  } catch (error) {
    log.warn({ err: error }, 'a question without an answer could not be noted');
  }
}

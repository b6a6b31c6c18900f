import { diffLines, diffWordsWithSpace } from 'diff';
import type { Db } from '../../db/pool.ts';
import { AppError } from '../../kit/errors.ts';
import { findRevision, listRevisions, type RevisionHead } from './revisions.queries.ts';

export const HISTORY_PAGE = 50;
/** Texts that differ all over take long to compare: past this they are shown as taken out and put in whole. */
const DIFF_MS = 30;

export interface Change {
  readonly op: 'same' | 'added' | 'removed';
  readonly text: string;
}

export function toRevision(row: RevisionHead) {
  return {
    version: row.version,
    title: row.title,
    edited_at: row.edited_at.toISOString(),
    editor: { id: row.editor_id, display_name: row.editor_name },
  };
}

export async function listHistory(db: Db, postId: number, drafts: boolean, before: number | undefined) {
  return (await listRevisions(db, postId, drafts, before, HISTORY_PAGE)).map(toRevision);
}

/** A version with what it changed; the first one against nothing. */
export async function getRevision(db: Db, postId: number, drafts: boolean, version: number) {
  const found = await findRevision(db, postId, drafts, version);
  if (!found)
    throw new AppError(
      'not_found',
      `This post has no version ${version} of its text; its history lists those there are.`,
    );
  const { revision, before } = found;
  return {
    ...toRevision(revision),
    content: revision.content,
    diff: {
      title: compare(before?.title ?? '', revision.title, 'words'),
      content: compare(before?.content ?? '', revision.content, 'lines'),
    },
  };
}

function compare(before: string, after: string, by: 'words' | 'lines'): Change[] {
  const options = { timeout: DIFF_MS };
  const parts =
    by === 'words' ? diffWordsWithSpace(before, after, options) : diffLines(before, after, options);
  if (!parts)
    return [
      { op: 'removed', text: before },
      { op: 'added', text: after },
    ];
  return parts.map(({ added, removed, value }) => ({
    op: added ? 'added' : removed ? 'removed' : 'same',
    text: value,
  }));
}

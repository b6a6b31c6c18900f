import { createHash } from 'node:crypto';
import type { SearchDocument } from '../../ports/search-index.ts';
import type { FoundPost } from './found-posts.queries.ts';
import { toPlainText } from './plain-text.ts';

/** What the index holds of a post; nothing of one that the public does not see. */
export function toSearchDocument(post: FoundPost): SearchDocument {
  const { id, version, shown, board_id, author_id, created_at, title, content_html } = post;
  const source = shown ? [board_id, author_id, created_at.getTime(), title, content_html] : [];
  return {
    postId: id,
    revision: version,
    sourceHash: createHash('sha256').update(JSON.stringify(source)).digest('base64url'),
    content: shown
      ? {
          boardId: board_id,
          authorId: author_id,
          createdAt: created_at,
          title,
          body: toPlainText(content_html),
        }
      : undefined,
  };
}

/** A post that is gone for good: its id never comes back, so no revision is newer. */
export function toGone(postId: number): SearchDocument {
  return { postId, revision: Number.MAX_SAFE_INTEGER, sourceHash: '', content: undefined };
}

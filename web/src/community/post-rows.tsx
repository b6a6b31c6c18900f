import { Badge } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { AuthorLine } from './author-line.tsx';
import { type ListedPost, restorePost } from './community-api.ts';
import { Marked } from './marked.tsx';
import { usePostSpeech } from './post-speech.ts';

const Restore = ({ post }: { post: ListedPost }) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  return (
    <AskButton
      label={t('restore')}
      question={t('restoreAsk', { title: post.title })}
      final={t('restore')}
      run={async () => {
        await restorePost({ b: post.board.id, p: post.id });
        sayText(t('restored'));
        await queries.invalidateQueries({ queryKey: ['posts', post.board.id] });
      }}
    />
  );
};

const Row = ({ post }: { post: ListedPost }) => {
  const { t, number } = usePostSpeech();
  const params = { b: String(post.board.id), p: String(post.id) };
  const title = post.highlights ? <Marked html={post.highlights.title} /> : post.title;
  return (
    <li className="panel post-row" data-open={!post.is_deleted}>
      <div className="post-name">
        {post.is_pinned && (
          <Badge variant="light" radius="sm" tt="none">
            {t('pinned')}
          </Badge>
        )}
        {post.is_deleted ? (
          <b>{title}</b>
        ) : (
          <Link
            to={post.is_draft ? '/boards/$b/posts/$p/edit' : '/boards/$b/posts/$p'}
            params={params}
            preload={false}
          >
            {title}
          </Link>
        )}
      </div>
      {post.highlights?.content && (
        <p className="small snippet-line">
          <Marked html={post.highlights.content} />
        </p>
      )}
      <AuthorLine author={post.author} at={post.created_at}>
        {!post.is_draft && <span>{t('viewsCount', { count: number(post.views) })}</span>}
        {post.is_deleted && <Restore post={post} />}
      </AuthorLine>
    </li>
  );
};

/** A pinned post stands first on the first part alone. */
export const PostRows = ({ posts }: { posts: readonly ListedPost[] }) => (
  <ul className="rows">
    {posts.map((post) => (
      <Row key={post.id} post={post} />
    ))}
  </ul>
);

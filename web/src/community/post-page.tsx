/** One post, and what is said about it. Opening it is a view. */
import { Badge, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { AuthorLine } from './author-line.tsx';
import { Comments } from './comments.tsx';
import './community.css';
import { PostActs } from './post-acts.tsx';
import { postQuery } from './post-query.ts';
import { usePostSpeech } from './post-speech.ts';
import { Reactions } from './reactions.tsx';
import { Rendered } from './rendered.tsx';

const route = getRouteApi('/boards/$b/posts/$p');

export const PostPage = () => {
  const { b, p } = route.useParams();
  const { t, number } = usePostSpeech();
  const at = { b: Number(b), p: Number(p) };
  const { data: post, error, isPending, refetch } = useQuery(postQuery(at));
  return (
    <>
      <title>{`${post?.title ?? t('post')} · Weir`}</title>
      <div>
        <Link to="/boards/$b" params={{ b }} className="back">
          ← {post?.board.title ?? t('backToBoard')}
        </Link>
        {post && <h1 className="post-title">{post.title}</h1>}
        {post && (
          <AuthorLine author={post.author} at={post.created_at}>
            <span>{t('viewsCount', { count: number(post.views) })}</span>
            {post.updated_at !== post.created_at && <span>{t('edited')}</span>}
            {post.is_pinned && (
              <Badge variant="light" radius="sm" tt="none">
                {t('pinned')}
              </Badge>
            )}
            {post.is_draft && (
              <Badge variant="light" color="orange" radius="sm" tt="none">
                {t('draft')}
              </Badge>
            )}
          </AuthorLine>
        )}
      </div>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {isPending && <Skeleton height={320} radius="lg" />}
      {post && (
        <article className="panel post">
          <Rendered of={post} />
          {!post.is_draft && <Reactions subject={{ kind: 'post', id: post.id }} />}
          <PostActs post={post} />
        </article>
      )}
      {post && !post.is_draft && <Comments key={post.id} at={at} />}
    </>
  );
};

/** Posts that the viewer keeps. */
import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import { bookmarksQuery } from './bookmark-button.tsx';
import './community.css';
import { bookmark } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

export const BookmarksPage = () => {
  const { t, time } = usePostSpeech();
  const queries = useQueryClient();
  const list = useInfiniteQuery(bookmarksQuery);
  const remove = useMutation({
    mutationFn: (p: number) => bookmark(p, false),
    onSuccess: () => queries.invalidateQueries({ queryKey: bookmarksQuery.queryKey }),
  });
  const kept = list.data?.pages.flatMap((part) => part.items) ?? [];
  return (
    <>
      <title>{`${t('bookmarks')} · Weir`}</title>
      <div>
        <Link to="/boards" className="back">
          ← {t('allBoards')}
        </Link>
        <h1>{t('bookmarks')}</h1>
      </div>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {remove.isError && <Problem error={remove.error} />}
      {list.isPending && <Skeleton height={200} radius="lg" />}
      {list.isSuccess && kept.length === 0 && (
        <div className="panel empty">
          <h2>{t('noBookmarks')}</h2>
          <p className="soft">{t('noBookmarksHint')}</p>
        </div>
      )}
      <ul className="rows">
        {kept.map(({ post, created_at }) => (
          <li key={post.id} className="panel post-row" data-open="true">
            <div className="post-name">
              <Link
                to="/boards/$b/posts/$p"
                params={{ b: String(post.board_id), p: String(post.id) }}
                preload={false}
              >
                {post.title}
              </Link>
            </div>
            <span className="author-line soft small">
              {t('keptAt', { time: time(created_at, rememberedZone()) })}
              <Button
                variant="subtle"
                color="gray"
                size="compact-sm"
                loading={remove.isPending && remove.variables === post.id}
                onClick={() => remove.mutate(post.id)}
              >
                {t('unbookmark')}
              </Button>
            </span>
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('morePosts')}
        </Button>
      )}
    </>
  );
};

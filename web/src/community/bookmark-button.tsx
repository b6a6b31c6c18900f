import { Button } from '@mantine/core';
import { infiniteQueryOptions, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { bookmark, listBookmarks } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

export const bookmarksQuery = infiniteQueryOptions({
  queryKey: ['bookmarks'],
  queryFn: ({ pageParam, signal }) => listBookmarks(pageParam, signal),
  initialPageParam: 0,
  getNextPageParam: (part) => part.older,
  staleTime: 10_000,
});

/** The server tells only the list: one that was kept long ago offers to be kept again, which changes nothing. */
export const BookmarkButton = ({ id }: { id: number }) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  const list = useInfiniteQuery(bookmarksQuery);
  const kept = !!list.data?.pages.some((part) => part.items.some(({ post }) => post.id === id));
  const toggle = useMutation({
    mutationFn: () => bookmark(id, !kept),
    onSuccess: () => queries.invalidateQueries({ queryKey: bookmarksQuery.queryKey }),
  });
  return (
    <Button
      variant="default"
      size="xs"
      fz="sm"
      aria-pressed={kept}
      title={toggle.error?.message ?? ''}
      loading={toggle.isPending}
      onClick={() => toggle.mutate()}
    >
      {kept ? `★ ${t('bookmarked')}` : `☆ ${t('bookmark')}`}
    </Button>
  );
};

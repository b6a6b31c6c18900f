import { Button, Loader } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Fragment, type ReactNode } from 'react';
import { Problem } from '../problem.tsx';
import { type Comment, listReplies, type PostAt } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

interface Props {
  root: Comment;
  at: PostAt;
  open: boolean;
  onOpen: (open: boolean) => void;
  /** how one reply is shown */
  children: (reply: Comment) => ReactNode;
}

export const Replies = ({ root, at, open, onOpen, children }: Props) => {
  const { t, number } = usePostSpeech();
  const list = useInfiniteQuery({
    queryKey: ['comments', at.p, 'replies', root.id],
    queryFn: ({ pageParam, signal }) => listReplies(at, root.id, pageParam, signal),
    initialPageParam: 1,
    getNextPageParam: (page, pages) => (page.next ? pages.length + 1 : undefined),
    enabled: open,
  });
  return (
    <div className="replies">
      <Button
        variant="subtle"
        size="compact-sm"
        aria-expanded={open}
        loading={list.isLoading}
        onClick={() => onOpen(!open)}
      >
        {t(open ? 'hideReplies' : 'showReplies', { count: number(root.replies) })}
      </Button>
      {open && list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {open && (
        <ul className="rows">
          {list.data?.pages.flatMap((page) =>
            page.results.map((reply) => <Fragment key={reply.id}>{children(reply)}</Fragment>),
          )}
        </ul>
      )}
      {open && list.hasNextPage && (
        <Button
          variant="subtle"
          size="compact-sm"
          disabled={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {list.isFetchingNextPage ? <Loader size="xs" /> : t('moreReplies')}
        </Button>
      )}
    </div>
  );
};

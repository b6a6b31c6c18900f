/** What happened to the viewer's posts and comments: one line for each post and kind. */
import { Badge, Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { unreadQuery } from '../api.ts';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import './inbox.css';
import { type Group, listGroups, readAll, readOne } from './inbox-api.ts';
import { useInboxSpeech } from './inbox-speech.ts';

const useReading = () => {
  const queries = useQueryClient();
  return () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['inbox'] }),
      queries.invalidateQueries({ queryKey: unreadQuery.queryKey }),
    ]);
};

const Row = ({ group }: { group: Group }) => {
  const { t, time, number } = useInboxSpeech();
  const onRead = useReading();
  const read = useMutation({ mutationFn: () => readOne(group.id), onSuccess: onRead });
  const { post } = group;
  return (
    <li className="panel inbox-row" data-unread={group.unread > 0}>
      <span className="dot" data-state={group.unread > 0 ? 'good' : 'idle'} aria-hidden="true" />
      <div>
        {post ? (
          <Link
            to="/boards/$b/posts/$p"
            params={{ b: String(post.board_id), p: String(post.id) }}
            preload={false}
            onClick={() => group.unread > 0 && read.mutate()}
          >
            {group.text}
          </Link>
        ) : (
          <span>{group.text}</span>
        )}
        <span className="small soft inbox-facts">
          {t(`notice.${group.type}`)} · {time(group.updated_at, rememberedZone())}
          {group.unread > 0 && (
            <Badge variant="light" radius="sm" tt="none">
              {t('unread', { count: number(group.unread) })}
            </Badge>
          )}
        </span>
        {read.isError && <Problem error={read.error} />}
      </div>
      {group.unread > 0 && (
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          loading={read.isPending}
          onClick={() => read.mutate()}
        >
          {t('markRead')}
        </Button>
      )}
    </li>
  );
};

export const InboxPage = () => {
  const { t } = useInboxSpeech();
  const onRead = useReading();
  const list = useInfiniteQuery({
    queryKey: ['inbox'],
    queryFn: ({ pageParam, signal }) => listGroups(pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (part) => part.older,
  });
  const all = useMutation({ mutationFn: readAll, onSuccess: onRead });
  const groups = list.data?.pages.flatMap((part) => part.groups) ?? [];
  return (
    <>
      <title>{`${t('notifications')} · Weir`}</title>
      <div className="head">
        <h1 className="grow">{t('notifications')}</h1>
        <Button variant="default" loading={all.isPending} onClick={() => all.mutate()}>
          {t('readAll')}
        </Button>
        <Button variant="default" renderRoot={(props) => <Link to="/notifications/preferences" {...props} />}>
          {t('preferences')}
        </Button>
      </div>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {all.isError && <Problem error={all.error} />}
      {list.isPending && <Skeleton height={260} radius="lg" />}
      {list.isSuccess && groups.length === 0 && (
        <div className="panel empty">
          <h2>{t('noNotifications')}</h2>
          <p className="soft">{t('noNotificationsHint')}</p>
        </div>
      )}
      <ul className="rows">
        {groups.map((group) => (
          <Row key={`${group.type} ${group.post?.id ?? group.id}`} group={group} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('olderNotifications')}
        </Button>
      )}
    </>
  );
};

/** The bell of every page: how many notifications are unread, as they come. */
import { ActionIcon } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { type Notified, unreadQuery } from './api.ts';
import { useSpeech } from './language.tsx';
import { watch } from './live.ts';
import './bell.css';

const MOST_SHOWN = 99;

/**
 * Listens while the window is seen: a browser holds six connections to a server of HTTP/1.1, and each window that listens takes
 * one. What came meanwhile is counted when it is seen again.
 */
const useNotified = () => {
  const queries = useQueryClient();
  useEffect(() => {
    let stop: AbortController | undefined;
    const onMessage = (data: string) => {
      const { unread } = JSON.parse(data) as Notified;
      queries.setQueryData(unreadQuery.queryKey, { count: unread });
      void queries.invalidateQueries({ queryKey: ['inbox'] });
    };
    // a stream that begins tells of nothing that was before it
    const onConnected = (connected: boolean) => {
      if (connected) void queries.invalidateQueries({ queryKey: unreadQuery.queryKey });
    };
    const follow = () => {
      stop?.abort();
      stop = undefined;
      if (document.hidden) return;
      stop = new AbortController();
      void watch({ path: '/notifications/stream', onMessage, onConnected, signal: stop.signal });
    };
    follow();
    document.addEventListener('visibilitychange', follow);
    return () => {
      document.removeEventListener('visibilitychange', follow);
      stop?.abort();
    };
  }, [queries]);
};

export const Bell = () => {
  const { t, number } = useSpeech();
  useNotified();
  const { data } = useQuery(unreadQuery);
  const count = data?.count ?? 0;
  const label = count > 0 ? t('unreadCount', { count: number(count) }) : t('notifications');
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="lg"
      aria-label={label}
      title={label}
      renderRoot={(props) => <Link to="/notifications" {...props} />}
    >
      <span className="bell">
        <svg
          viewBox="0 0 24 24"
          width="18"
          height="18"
          fill="none"
          stroke="currentColor"
          strokeWidth="1.8"
          aria-hidden="true"
        >
          <path
            d="M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15L6 16Zm4 5h4"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
        {count > 0 && <b aria-hidden="true">{count > MOST_SHOWN ? `${MOST_SHOWN}+` : number(count)}</b>}
      </span>
    </ActionIcon>
  );
};

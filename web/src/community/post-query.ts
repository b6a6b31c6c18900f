import { queryOptions } from '@tanstack/react-query';
import { type PostAt, viewPost } from './community-api.ts';

/**
 * Each read of a post is a view of it. So it is read when somebody opens it, and not when a window gets the focus, a line
 * comes back, or an answer did not come: that one may have been counted.
 */
export const postQuery = ({ b, p }: PostAt) =>
  queryOptions({
    queryKey: ['post', b, p],
    queryFn: ({ signal }) => viewPost({ b, p }, signal),
    staleTime: 30_000,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
    retry: false,
  });

/** Who is signed in: one query that everything else hangs on. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { type Campaign, getMe, type ListQuery, type Me, type Role } from './api.ts';
import { ApiError } from './request.ts';

export const meQuery = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<Me | null> => {
    try {
      return await getMe(signal);
    } catch (error) {
      if (error instanceof ApiError && error.problem.status === 401) return null;
      throw error;
    }
  },
  staleTime: 60_000,
});

export const useMe = (): Me | null => useQuery(meQuery).data ?? null;
export const hasRole = (me: Me | null, ...roles: Role[]): boolean =>
  !!me?.roles.some((role) => roles.includes(role));

/** Whether the server would let this member edit, delete and see raw events. */
export const mayEdit = (me: Me | null, campaign: Campaign): boolean =>
  campaign.owner_id === me?.id || hasRole(me, 'admin');

/** Staff see every campaign; an advertiser looks after the own ones, live or not; others see what is live. */
export const listScope = (me: Me | null): ListQuery =>
  hasRole(me, 'advertiser') && !hasRole(me, 'marketer', 'admin') ? { owner: 'me' } : {};

export const isSignedOut = (error: unknown): boolean =>
  error instanceof ApiError && error.problem.status === 401;

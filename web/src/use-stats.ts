import { keepPreviousData, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { type Campaign, getStats, type Stats } from './api.ts';
import { type Looking, lifeRequest, requestFor, trimToData } from './range.ts';

const REFRESH_MS = 10_000; // also without news: the incomplete tail becomes complete, the range moves on

/**
 * The statistics of what is looked at; undefined while that is not known yet. `metric` is left out: every answer holds
 * all of them.
 */
export const useStats = (
  id: number,
  campaign: UseQueryResult<Campaign | null>,
  looking: Looking | undefined,
) => {
  const { range, from, to, interval, tz, traffic } = looking ?? {};
  const isLife = range === 'life';
  return useQuery({
    queryKey: ['stats', id, { range, from, to, interval, tz, traffic }],
    queryFn: async ({ signal }): Promise<Stats> => {
      if (!looking) throw new Error('what to look at is not known yet'); // `enabled` keeps this from happening
      if (isLife) {
        const days = await getStats(id, lifeRequest(campaign.data ?? null, looking, Date.now()), signal);
        return getStats(id, trimToData(days, looking), signal);
      }
      const wanted = requestFor(looking, Date.now());
      if (!wanted) throw new Error('the range is not complete'); // and this
      return getStats(id, wanted, signal);
    },
    enabled: !!looking && (isLife ? !campaign.isPending : requestFor(looking, Date.now()) !== undefined),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
};

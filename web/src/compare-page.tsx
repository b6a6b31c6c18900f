/** All campaigns side by side: staff compare every one, an advertiser the own ones. */
import { Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { getLeaderboard, getStatus, type LeaderRow } from './api.ts';
import './compare-page.css';
import './table.css';
import { useSpeech } from './language.tsx';
import type { Comparing } from './leader-columns.ts';
import { LeaderTable } from './leader-table.tsx';
import { Problem } from './problem.tsx';
import { PRESETS, quartersOf } from './range.ts';
import { RangeControl, ZoneControl } from './range-controls.tsx';
import { hasRole, useMe } from './session.ts';
import { DAY_MS } from './zones.ts';

const route = getRouteApi('/compare');
const REFRESH_MS = 10_000;
const LIFE_REFRESH_MS = 60_000; // all there is to count
const MOST_ROWS = 100; // of one answer of the server

const useLeaderboard = (comparing: Comparing) => {
  const { range, from, to, tz } = comparing;
  return useQuery({
    queryKey: ['leaderboard', range === 'custom' ? { from, to, tz } : range],
    queryFn: async ({ signal }) => {
      const span = quartersOf(comparing, Date.now());
      if (!span) throw new Error('the range is not complete'); // `enabled` keeps this from happening
      // asked before the numbers, so what it promises they hold
      const { pipeline } = await getStatus(signal);
      return { span, through: pipeline.complete_through, rows: await getLeaderboard(span, signal) };
    },
    enabled: quartersOf(comparing, Date.now()) !== undefined,
    placeholderData: keepPreviousData,
    refetchInterval: range === 'life' ? LIFE_REFRESH_MS : REFRESH_MS,
  });
};

const isQuiet = ({ views, true_views, clicks, invalid }: LeaderRow): boolean =>
  views + true_views + clicks + invalid === 0;

export const ComparePage = () => {
  const comparing = route.useSearch();
  const navigate = route.useNavigate();
  const { t, time, number } = useSpeech();
  const me = useMe();
  const { data, isError, error, refetch, isLoading, isPlaceholderData } = useLeaderboard(comparing);
  const { tz } = comparing;
  const change = (part: Partial<Comparing>) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true, resetScroll: false });
  const now = Date.now();
  return (
    <>
      <title>{`${t('compareTitle')} · Weir`}</title>
      <h1>{t('compareTitle')}</h1>
      <div className="controls">
        <RangeControl
          span={comparing}
          presets={PRESETS}
          fromMs={data ? Date.parse(data.span.from) : now - DAY_MS}
          toMs={data ? Date.parse(data.span.to) : now}
          onChange={change}
        />
        <ZoneControl tz={tz} onChange={change} />
      </div>
      {isError && <Problem error={error} onRetry={() => void refetch()} />}
      {isLoading && <Skeleton height={320} radius="lg" />}
      {data?.rows.length === 0 && (
        <div className="panel empty">
          <h2>{t('compareNone')}</h2>
          <p className="soft">{t(hasRole(me, 'marketer', 'admin') ? 'noneHint' : 'compareNoneOwn')}</p>
        </div>
      )}
      {data && data.rows.length > 0 && (
        <div className="panel compare" data-stale={isPlaceholderData}>
          {data.rows.every(isQuiet) && <p className="soft">{t('compareQuiet')}</p>}
          <LeaderTable rows={data.rows} comparing={comparing} onSort={change} />
          <div className="chart-foot">
            <span>
              {comparing.range === 'life'
                ? t('compareLife')
                : t('compareHint', { from: time(data.span.from, tz), to: time(data.span.to, tz) })}
            </span>
            <span>
              {t('completeThrough')} {time(data.through, tz, 'second')}
            </span>
            <span>{t('noSum')}</span>
            {data.rows.length >= MOST_ROWS && <span>{t('compareCut', { count: number(MOST_ROWS) })}</span>}
          </div>
        </div>
      )}
    </>
  );
};

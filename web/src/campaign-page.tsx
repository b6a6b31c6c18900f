import { Button, SegmentedControl, Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type Campaign, findCampaign } from './api.ts';
import { CampaignChart } from './campaign-chart.tsx';
import { Dates, LiveState } from './campaign-list.tsx';
import { EmbedPanel } from './embed-panel.tsx';
import './campaign-page.css';
import { useSpeech } from './language.tsx';
import { LookControls } from './look-controls.tsx';
import { Problem } from './problem.tsx';
import { defaultRange, type Looking, type LookingSearch, METRICS, requestFor } from './range.ts';
import { listScope, mayEdit, useMe } from './session.ts';
import { StatsTable } from './stats-table.tsx';
import { Tiles } from './tiles.tsx';
import { useLive } from './use-live.ts';
import { useStats } from './use-stats.ts';
import { DAY_MS } from './zones.ts';

const route = getRouteApi('/campaigns/$id');

const LivePulse = ({ connected, views, clicks }: { connected: boolean; views: number; clicks: number }) => {
  const { t, number } = useSpeech();
  return (
    <span className="pulse" title={t('sinceStartHint')}>
      <span className="dot" data-state={connected ? 'good' : 'busy'} data-beat={connected} />
      {connected ? t('sinceStart', { views: number(views), clicks: number(clicks) }) : t('notStreaming')}
    </span>
  );
};

const Acts = ({ campaign, search }: { campaign: Campaign; search: LookingSearch }) => {
  const { t } = useSpeech();
  const params = { id: String(campaign.id) };
  const { tz, from, to } = search;
  const span = search.range === 'custom' ? { from, to } : {};
  return (
    <div className="acts">
      <Button
        variant="default"
        size="xs"
        fz="sm"
        renderRoot={(props) => (
          <Link to="/campaigns/$id/events" params={params} search={{ tz, ...span }} {...props} />
        )}
      >
        {t('rawEvents')}
      </Button>
      <Button
        variant="default"
        size="xs"
        fz="sm"
        renderRoot={(props) => <Link to="/campaigns/$id/edit" params={params} {...props} />}
      >
        {t('edit')}
      </Button>
    </div>
  );
};

export const CampaignPage = () => {
  const id = Number(route.useParams().id);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { t, time } = useSpeech();
  const me = useMe();
  const scope = listScope(me);
  const campaign = useQuery({
    queryKey: ['campaign', id, scope],
    queryFn: ({ signal }) => findCampaign(id, scope, signal),
  });
  const range =
    search.range ?? (campaign.isPending ? undefined : defaultRange(campaign.data ?? null, Date.now()));
  const looking = range && { ...search, range };
  const stats = useStats(id, campaign, looking);
  const live = useLive(id);
  const { data } = stats;

  const change = (part: Partial<Looking>) =>
    void navigate({
      // another range chooses its own interval again
      search: ({ interval, ...rest }) => ({ ...rest, ...(!part.range && interval && { interval }), ...part }),
      replace: true,
      resetScroll: false,
    });

  // what is not there, or not theirs to see; for what is there the error of its numbers says more
  const gone =
    stats.isError && (campaign.data === null ? 'noCampaign' : campaign.data?.is_deleted && 'isDeleted');
  const asked = looking && requestFor(looking, Date.now());
  const fromMs = Date.parse(data?.from ?? asked?.from ?? new Date(Date.now() - DAY_MS).toISOString());
  const toMs = Date.parse(data?.to ?? asked?.to ?? new Date().toISOString());
  const title = campaign.data?.title ?? t('unknownCampaign', { id: String(id) });
  return (
    <>
      <title>{`${title} · Weir`}</title>
      <div>
        <Link to="/" className="back">
          ← {t('back')}
        </Link>
        <div className="head">
          <div className="grow">
            <h1>{title}</h1>
            {campaign.data && (
              <span className="row-name campaign-facts">
                <LiveState campaign={campaign.data} />
                <Dates campaign={campaign.data} tz={search.tz} />
              </span>
            )}
          </div>
          {live.latest && (
            <LivePulse
              connected={live.connected}
              views={live.latest.totals.views}
              clicks={live.latest.totals.clicks}
            />
          )}
          {campaign.data && !campaign.data.is_deleted && mayEdit(me, campaign.data) && (
            <Acts campaign={campaign.data} search={search} />
          )}
        </div>
      </div>
      {gone && (
        <div className="panel empty">
          <p>{t(gone, { id: String(id) })}</p>
          <Link to="/">{t('back')}</Link>
        </div>
      )}
      {data && <Tiles figures={data.totals} />}
      {!data && !stats.isError && <Skeleton height={96} radius="lg" />}
      {looking && !gone && (
        <LookControls
          looking={looking}
          interval={asked?.interval ?? data?.interval ?? 'hour'}
          fromMs={fromMs}
          toMs={toMs}
          onChange={change}
        />
      )}
      {stats.isError && !gone && <Problem error={stats.error} onRetry={() => void stats.refetch()} />}
      {stats.isPending && (!looking || stats.fetchStatus !== 'idle') && <Skeleton height={400} radius="lg" />}
      {data && (
        <div className="panel">
          <div className="chart-head">
            <SegmentedControl
              aria-label={t('metric')}
              value={search.metric}
              onChange={(metric) => change({ metric })}
              data={METRICS.map((value) => ({ value, label: t(value) }))}
            />
          </div>
          <CampaignChart stats={data} metric={search.metric} stale={stats.isPlaceholderData} />
          <div className="chart-foot">
            <span>
              {t('asOf')} {time(data.as_of, data.tz, 'second')}
            </span>
            <span>
              {t('completeThrough')} {time(data.complete_through, data.tz, 'second')}
            </span>
            {data.series.some((row) => !row.complete) && <span>{t('incomplete')}</span>}
            <span>{data.tz}</span>
          </div>
        </div>
      )}
      {data && <StatsTable stats={data} />}
      {!gone && <EmbedPanel id={id} campaign={campaign.data ?? null} />}
    </>
  );
};

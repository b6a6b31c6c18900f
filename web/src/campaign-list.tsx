import { Badge, Button, Skeleton, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { CAMPAIGNS_A_PAGE, type Campaign, listCampaigns } from './api.ts';
import './campaign-list.css';
import { useSpeech } from './language.tsx';
import { Problem } from './problem.tsx';
import { rememberedZone } from './range.ts';
import { hasRole, listScope, useMe } from './session.ts';
import type { Word } from './words.ts';

const route = getRouteApi('/');
const REFRESH_MS = 5000;

const stateOf = (campaign: Campaign, nowMs: number): { word: Word; color: string } => {
  if (campaign.is_deleted) return { word: 'deleted', color: 'red' };
  if (!campaign.is_visible) return { word: 'hidden', color: 'gray' };
  if (Date.parse(campaign.start_date) > nowMs) return { word: 'upcoming', color: 'orange' };
  return Date.parse(campaign.end_date) > nowMs
    ? { word: 'live', color: 'teal' }
    : { word: 'ended', color: 'gray' };
};

export const LiveState = ({ campaign }: { campaign: Campaign }) => {
  const { t } = useSpeech();
  const { word, color } = stateOf(campaign, Date.now());
  return (
    <Badge variant="light" color={color} radius="sm" tt="none" style={{ flex: 'none' }}>
      {t(word)}
    </Badge>
  );
};

export const Dates = ({ campaign, tz }: { campaign: Campaign; tz: string }) => {
  const { time } = useSpeech();
  return (
    <span className="soft small">
      {time(campaign.start_date, tz, 'day')} – {time(campaign.end_date, tz, 'day')}
    </span>
  );
};

const Row = ({ campaign }: { campaign: Campaign }) => {
  const { t, number, percent } = useSpeech();
  const ctr = campaign.views > 0 ? campaign.clicks / campaign.views : null;
  return (
    <li className="panel row">
      <div className="row-lead">
        <div className="row-name">
          <Link to="/campaigns/$id" params={{ id: String(campaign.id) }}>
            {campaign.title}
          </Link>
          <LiveState campaign={campaign} />
        </div>
        <Dates campaign={campaign} tz={rememberedZone()} />
      </div>
      <dl className="figure">
        <dt>{t('views')}</dt>
        <dd>{number(campaign.views)}</dd>
      </dl>
      <dl className="figure">
        <dt>{t('clicks')}</dt>
        <dd>{number(campaign.clicks)}</dd>
      </dl>
      <dl className="figure">
        <dt>{t('ctr')}</dt>
        <dd>{percent(ctr)}</dd>
      </dl>
    </li>
  );
};

export const CampaignList = () => {
  const { t } = useSpeech();
  const me = useMe();
  const scope = listScope(me);
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(q ?? '');
  const find = useDebouncedCallback(
    (part: string) => void navigate({ search: part ? { q: part } : {}, replace: true, resetScroll: false }),
    250,
  );
  const list = useInfiniteQuery({
    queryKey: ['campaigns', scope, q],
    queryFn: ({ pageParam, signal }) =>
      listCampaigns({ ...scope, ...(pageParam && { last_id: pageParam }), ...(q && { q }) }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.length < CAMPAIGNS_A_PAGE ? undefined : page.at(-1)?.id),
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  const campaigns = list.data?.pages.flat() ?? [];
  return (
    <>
      <title>{`${t('campaigns')} · Weir`}</title>
      <div className="head">
        <h1 className="grow">{t('campaigns')}</h1>
        {hasRole(me, 'advertiser', 'marketer', 'admin') && (
          <TextInput
            type="search"
            aria-label={t('search')}
            placeholder={t('search')}
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value);
              find(event.currentTarget.value.trim());
            }}
          />
        )}
        {hasRole(me, 'advertiser', 'admin') && (
          <Button renderRoot={(props) => <Link to="/campaigns/new" {...props} />}>{t('newCampaign')}</Button>
        )}
      </div>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && (
        <div className="rows" role="status" aria-label={t('loading')}>
          {[1, 2, 3, 4].map((n) => (
            <Skeleton key={n} height={76} radius="lg" />
          ))}
        </div>
      )}
      {list.isSuccess && campaigns.length === 0 && (
        <div className="panel empty">
          <h2>{t(q ? 'noMatch' : 'none')}</h2>
          {!q && <p className="soft">{t('noneHint')}</p>}
        </div>
      )}
      <ul className="rows">
        {campaigns.map((campaign) => (
          <Row key={campaign.id} campaign={campaign} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </>
  );
};

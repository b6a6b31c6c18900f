/** Every event of one campaign as it was accepted, with its verdict; an admin also sees actor and address. */
import { Button, Skeleton } from '@mantine/core';
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { type ExportFormat, findCampaign, listEvents, saveExport } from './api.ts';
import { type EventChange, EventFilters } from './event-filters.tsx';
import { type EventSearch, isFiltered, toEventQuery } from './event-search.ts';
import { EventTable, RuleMeanings } from './event-table.tsx';
import './events-page.css';
import './table.css';
import { useSpeech } from './language.tsx';
import { say } from './notice.tsx';
import { Problem } from './problem.tsx';
import { isBackwards } from './range-controls.tsx';
import { listScope, useMe } from './session.ts';

const route = getRouteApi('/campaigns/$id/events');
const FORMATS: readonly ExportFormat[] = ['csv', 'ndjson'];

const Exports = ({ id, search }: { id: number; search: EventSearch }) => {
  const { t } = useSpeech();
  const save = useMutation({
    mutationFn: (format: ExportFormat) => {
      const { after, limit, ...query } = toEventQuery(search);
      return saveExport(id, query, format);
    },
    onSuccess: (_, format) => say('exporting', { format: format.toUpperCase() }),
  });
  return (
    <>
      <div className="acts" title={t('exportHint')}>
        {FORMATS.map((format) => (
          <Button
            key={format}
            variant="default"
            size="xs"
            fz="sm"
            loading={save.isPending && save.variables === format}
            onClick={() => save.mutate(format)}
          >
            {t('exportAs', { format: format.toUpperCase() })}
          </Button>
        ))}
      </div>
      {save.isError && <Problem error={save.error} />}
    </>
  );
};

const Nothing = ({ search, onClear }: { search: EventSearch; onClear: () => void }) => {
  const { t } = useSpeech();
  const filtered = isFiltered(search);
  return (
    <div className="panel empty">
      <h2>{t(search.after ? 'eventsEnd' : filtered ? 'eventsNoMatch' : 'eventsNone')}</h2>
      {!search.after && !filtered && <p className="soft">{t('eventsNoneHint')}</p>}
      {filtered && !search.after && (
        <div>
          <Button variant="default" onClick={onClear}>
            {t('clearFilters')}
          </Button>
        </div>
      )}
    </div>
  );
};

export const EventsPage = () => {
  const { id } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { t, number } = useSpeech();
  const scope = listScope(useMe());
  const tableRef = useRef<HTMLElement>(null);
  const campaign = useQuery({
    queryKey: ['campaign', Number(id), scope],
    queryFn: ({ signal }) => findCampaign(Number(id), scope, signal),
  });
  const { tz, ...asked } = search; // the zone alone asks for nothing new
  const events = useQuery({
    queryKey: ['events', Number(id), isBackwards(search) ? 'backwards' : toEventQuery({ ...asked, tz })],
    queryFn: ({ signal }) => listEvents(Number(id), toEventQuery(search), signal),
    placeholderData: keepPreviousData,
    enabled: !isBackwards(search),
  });
  const { after } = search;
  const afterRef = useRef(after);
  useEffect(() => {
    // the button that was pressed may be gone: go on reading at the top of the new page
    if (afterRef.current !== after) tableRef.current?.focus();
    afterRef.current = after;
  }, [after]);

  const change = (part: EventChange) =>
    void navigate({
      search: ({ after: _, ...before }) => withoutEmpty({ ...before, ...part }),
      replace: true,
      resetScroll: false,
    });
  const turn = (to: string | undefined) =>
    void navigate({
      search: ({ after: _, ...rest }) => (to ? { ...rest, after: to } : rest),
      resetScroll: false,
    });
  const { data } = events;
  const title = campaign.data?.title ?? t('unknownCampaign', { id });
  return (
    <>
      <title>{`${t('rawEventsOf', { title })} · Weir`}</title>
      <div>
        <Link to="/campaigns/$id" params={{ id }} search={{ tz }} className="back">
          ← {t('backToCampaign')}
        </Link>
        <div className="head">
          <h1 className="grow">{t('rawEventsOf', { title })}</h1>
          <Exports id={Number(id)} search={search} />
        </div>
      </div>
      <EventFilters search={search} onChange={change} />
      {events.isError && <Problem error={events.error} onRetry={() => void events.refetch()} />}
      {events.isLoading && <Skeleton height={400} radius="lg" />}
      {data && data.events.length === 0 && (
        <Nothing search={search} onClear={() => void navigate({ search: { tz }, replace: true })} />
      )}
      {data && data.events.length > 0 && (
        <div className="panel">
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
          <section ref={tableRef} className="scroll events" tabIndex={0} aria-label={t('rawEvents')}>
            <EventTable events={data.events} tz={tz} />
          </section>
        </div>
      )}
      <div className="head">
        <span className="grow soft small" role="status">
          {data &&
            !events.isPlaceholderData &&
            data.events.length > 0 &&
            t('eventsShown', { count: number(data.events.length) })}
        </span>
        <div className="acts">
          {!after && (
            <Button
              variant="default"
              disabled={isBackwards(search)}
              loading={events.isFetching}
              onClick={() => void events.refetch()}
            >
              {t('refresh')}
            </Button>
          )}
          {after && (
            <Button variant="default" onClick={() => turn(undefined)}>
              {t('newest')}
            </Button>
          )}
          {data?.older && (
            <Button variant="default" loading={events.isPlaceholderData} onClick={() => turn(data.older)}>
              {t('older')}
            </Button>
          )}
        </div>
      </div>
      <RuleMeanings />
    </>
  );
};

const withoutEmpty = ({ tz, traffic, ...change }: EventChange): Partial<EventSearch> => ({
  ...Object.fromEntries(Object.entries({ tz, traffic, ...change }).filter(([, value]) => value)),
});

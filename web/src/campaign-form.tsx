import { Button, Textarea, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createCampaign, type NewCampaign } from './api.ts';
import { useSpeech } from './language.tsx';
import { Problem } from './problem.tsx';
import { rememberedZone } from './range.ts';
import { ApiError } from './request.ts';
import { DAY_MS, toInstant, toWall } from './zones.ts';

const MONTH_MS = 30 * DAY_MS;

const toCampaign = (form: FormData, tz: string): NewCampaign => {
  const text = (name: string) => String(form.get(name)).trim();
  const instant = (name: string) => new Date(toInstant(text(name), tz)).toISOString();
  return {
    title: text('title'),
    content: text('content'),
    start_date: instant('start_date'),
    end_date: instant('end_date'),
    ...(text('landing_url') && { landing_url: text('landing_url') }),
  };
};

export const CampaignForm = () => {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const tz = rememberedZone();
  const [start, setStart] = useState(() => toWall(Date.now(), tz));
  const [end, setEnd] = useState(() => toWall(Date.now() + MONTH_MS, tz));
  const create = useMutation({
    mutationFn: createCampaign,
    onSuccess: async (campaign) => {
      await queries.invalidateQueries({ queryKey: ['campaigns'] });
      await navigate({ to: '/campaigns/$id', params: { id: String(campaign.id) } });
    },
  });
  const problems = create.error instanceof ApiError ? (create.error.problem.errors ?? []) : [];
  // the server names fields as `/title`, `body.title` or `title`
  const errorOf = (field: string) => problems.find(({ path }) => path.split(/[./]/).includes(field))?.message;
  const ordered = toInstant(start, tz) < toInstant(end, tz);
  return (
    <div className="page-narrow">
      <title>{`${t('newCampaign')} · Weir`}</title>
      <div>
        <Link to="/" className="back">
          ← {t('back')}
        </Link>
        <h1>{t('newCampaign')}</h1>
      </div>
      <form
        className="panel form"
        onSubmit={(event) => {
          event.preventDefault();
          if (ordered) create.mutate(toCampaign(new FormData(event.currentTarget), tz));
        }}
      >
        <TextInput name="title" label={t('title')} required error={errorOf('title')} autoFocus />
        <Textarea name="content" label={t('content')} required rows={3} error={errorOf('content')} />
        <div className="pair">
          <TextInput
            type="datetime-local"
            name="start_date"
            label={t('start')}
            description={t('zoneOfDates', { zone: tz })}
            value={start}
            onChange={(event) => setStart(event.currentTarget.value)}
            required
            error={errorOf('start_date')}
          />
          <TextInput
            type="datetime-local"
            name="end_date"
            label={t('end')}
            description={t('zoneOfDates', { zone: tz })}
            value={end}
            onChange={(event) => setEnd(event.currentTarget.value)}
            required
            error={ordered ? errorOf('end_date') : t('endBeforeStart')}
          />
        </div>
        <TextInput
          type="url"
          name="landing_url"
          label={t('landing')}
          description={t('landingHint')}
          placeholder="https://"
          pattern="https://.+"
          error={errorOf('landing_url')}
        />
        {create.isError && <Problem error={create.error} />}
        <Button type="submit" loading={create.isPending}>
          {t('create')}
        </Button>
      </form>
    </div>
  );
};

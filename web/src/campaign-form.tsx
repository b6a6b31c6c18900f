/** A new campaign. */
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { createCampaign, type NewCampaign } from './api.ts';
import { CampaignFields, type Draft } from './campaign-fields.tsx';
import { useSpeech } from './language.tsx';
import { say } from './notice.tsx';
import { rememberedZone } from './range.ts';
import { DAY_MS, toInstant, toWall } from './zones.ts';

const MONTH_MS = 30 * DAY_MS;

const toCampaign = ({ landing_url, ...draft }: Draft, tz: string): NewCampaign => ({
  ...draft,
  start_date: new Date(toInstant(draft.start_date, tz)).toISOString(),
  end_date: new Date(toInstant(draft.end_date, tz)).toISOString(),
  ...(landing_url && { landing_url }),
});

export const CampaignForm = () => {
  const { t } = useSpeech();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const tz = rememberedZone();
  const [initial] = useState<Draft>(() => ({
    title: '',
    content: '',
    start_date: toWall(Date.now(), tz),
    end_date: toWall(Date.now() + MONTH_MS, tz),
    landing_url: '',
    is_visible: true,
  }));
  const create = useMutation({
    mutationFn: (draft: Draft) => createCampaign(toCampaign(draft, tz)),
    onSuccess: async ({ id, title }) => {
      await queries.invalidateQueries({ queryKey: ['campaigns'] });
      say('created', { title });
      await navigate({ to: '/campaigns/$id', params: { id: String(id) } });
    },
  });
  return (
    <div className="page-narrow">
      <title>{`${t('newCampaign')} · Weir`}</title>
      <div>
        <Link to="/" className="back">
          ← {t('back')}
        </Link>
        <h1>{t('newCampaign')}</h1>
      </div>
      <CampaignFields
        initial={initial}
        tz={tz}
        error={create.error}
        onSubmit={(draft) => create.mutate(draft)}
      >
        <Button type="submit" loading={create.isPending}>
          {t('create')}
        </Button>
      </CampaignFields>
    </div>
  );
};

/** Editing and deleting a campaign: its owner and admins. */
import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useState } from 'react';
import { type Campaign, type CampaignPatch, findCampaign, patchCampaign } from './api.ts';
import { CampaignDelete } from './campaign-delete.tsx';
import { CampaignFields, type Draft } from './campaign-fields.tsx';
import { useSpeech } from './language.tsx';
import { say } from './notice.tsx';
import { Problem } from './problem.tsx';
import { rememberedZone } from './range.ts';
import { listScope, mayEdit, useMe } from './session.ts';
import { toInstant, toWall } from './zones.ts';

const route = getRouteApi('/campaigns/$id/edit');

const toDraft = (campaign: Campaign, tz: string): Draft => ({
  title: campaign.title,
  content: campaign.content,
  start_date: toWall(Date.parse(campaign.start_date), tz),
  end_date: toWall(Date.parse(campaign.end_date), tz),
  landing_url: campaign.landing_url ?? '',
  is_visible: campaign.is_visible,
});

/** Only what was changed: a date whose seconds the form cannot show stays whole, and so does a colleague's edit. */
const toPatch = (before: Draft, after: Draft, tz: string): CampaignPatch => ({
  ...(after.title !== before.title && { title: after.title }),
  ...(after.content !== before.content && { content: after.content }),
  ...(after.start_date !== before.start_date && {
    start_date: new Date(toInstant(after.start_date, tz)).toISOString(),
  }),
  ...(after.end_date !== before.end_date && {
    end_date: new Date(toInstant(after.end_date, tz)).toISOString(),
  }),
  ...(after.landing_url !== before.landing_url && { landing_url: after.landing_url || null }),
  ...(after.is_visible !== before.is_visible && { is_visible: after.is_visible }),
});

const Editor = ({ campaign }: { campaign: Campaign }) => {
  const { t } = useSpeech();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const tz = rememberedZone();
  const [initial] = useState(() => toDraft(campaign, tz));
  const params = { id: String(campaign.id) };
  const save = useMutation({
    mutationFn: async (draft: Draft) => {
      const patch = toPatch(initial, draft, tz);
      return Object.keys(patch).length > 0 ? await patchCampaign(campaign.id, patch) : null;
    },
    onSuccess: async (saved) => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: ['campaigns'] }),
        queries.invalidateQueries({ queryKey: ['campaign', campaign.id] }),
      ]);
      if (saved) say('saved', { title: saved.title });
      else say('nothingChanged');
      await navigate({ to: '/campaigns/$id', params });
    },
  });
  return (
    <>
      <CampaignFields initial={initial} tz={tz} error={save.error} onSubmit={(draft) => save.mutate(draft)}>
        <Button type="submit" loading={save.isPending}>
          {t('save')}
        </Button>
        <Button
          variant="default"
          renderRoot={(props) => <Link to="/campaigns/$id" params={params} {...props} />}
        >
          {t('cancel')}
        </Button>
      </CampaignFields>
      <CampaignDelete campaign={campaign} />
    </>
  );
};

export const CampaignEdit = () => {
  const { id } = route.useParams();
  const { t } = useSpeech();
  const me = useMe();
  const scope = listScope(me);
  const { data, isPending, error, refetch } = useQuery({
    queryKey: ['campaign', Number(id), scope],
    queryFn: ({ signal }) => findCampaign(Number(id), scope, signal),
  });
  const refusal =
    data === null ? 'noCampaign' : data?.is_deleted ? 'isDeleted' : data && !mayEdit(me, data) && 'notYours';
  return (
    <div className="page-narrow">
      <title>{`${t('editCampaign')} · Weir`}</title>
      <div>
        <Link to="/campaigns/$id" params={{ id }} className="back">
          ← {t('backToCampaign')}
        </Link>
        <h1>{t('editCampaign')}</h1>
      </div>
      {isPending && <Skeleton height={480} radius="lg" />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {refusal && (
        <div className="panel empty">
          <p>{t(refusal, { id })}</p>
          <Link to="/">{t('back')}</Link>
        </div>
      )}
      {data && !refusal && <Editor key={data.id} campaign={data} />}
    </div>
  );
};

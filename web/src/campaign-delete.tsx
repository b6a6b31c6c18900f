import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useId, useRef } from 'react';
import { type Campaign, deleteCampaign } from './api.ts';
import { useSpeech } from './language.tsx';
import { say } from './notice.tsx';
import { Problem } from './problem.tsx';

/** Deletes after one question, which the browser's own dialog asks: it holds the focus and gives it back. */
export const CampaignDelete = ({ campaign }: { campaign: Campaign }) => {
  const { id, title } = campaign;
  const { t } = useSpeech();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const dialogRef = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const remove = useMutation({
    mutationFn: () => deleteCampaign(id),
    onSuccess: async () => {
      say('wasDeleted', { title });
      await navigate({ to: '/' });
      queries.removeQueries({ queryKey: ['campaign', id] });
      queries.removeQueries({ queryKey: ['stats', id] });
      await queries.invalidateQueries({ queryKey: ['campaigns'] });
    },
  });
  const close = () => dialogRef.current?.close();
  return (
    <section className="panel danger">
      <div>
        <h2>{t('deleteCampaign')}</h2>
        <p className="small soft">{t('deleteHint')}</p>
      </div>
      <Button variant="light" color="red" onClick={() => dialogRef.current?.showModal()}>
        {t('deleteCampaign')}
      </Button>
      <dialog ref={dialogRef} className="panel" aria-labelledby={heading}>
        <h2 id={heading}>{t('deleteAsk', { title })}</h2>
        <p className="small soft">{t('deleteHint')}</p>
        {remove.isError && <Problem error={remove.error} />}
        <div className="acts">
          <Button variant="default" onClick={close}>
            {t('cancel')}
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {t('deleteFinal')}
          </Button>
        </div>
      </dialog>
    </section>
  );
};

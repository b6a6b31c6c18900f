/** A new board; who makes it moderates it. */
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { BoardFields } from './board-fields.tsx';
import './community.css';
import { createBoard, type NewBoard } from './community-api.ts';
import { useIdempotencyKey } from './idempotency-key.ts';
import { usePostSpeech } from './post-speech.ts';

export const BoardNew = () => {
  const { t } = usePostSpeech();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { keyOf } = useIdempotencyKey();
  const create = useMutation({
    mutationFn: (body: NewBoard) => createBoard(body, keyOf(body)),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ['boards'] });
      queries.removeQueries({ queryKey: ['moderates'] });
      await navigate({ to: '/boards/$b', params: { b: String(id) } });
    },
  });
  return (
    <div className="page-narrow">
      <title>{`${t('newBoard')} · Weir`}</title>
      <div>
        <Link to="/boards" className="back">
          ← {t('allBoards')}
        </Link>
        <h1>{t('newBoard')}</h1>
      </div>
      <form
        className="panel form"
        onSubmit={(event) => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          create.mutate({ title: String(form.get('title')), description: String(form.get('description')) });
        }}
      >
        <BoardFields title="" description="" />
        {create.isError && <Problem error={create.error} />}
        <div className="acts">
          <Button type="submit" loading={create.isPending}>
            {t('createBoard')}
          </Button>
        </div>
      </form>
    </div>
  );
};

/** What an admin changes of a board: its words, who reads and writes, its place, whether it is closed. */
import { Button, Checkbox, NativeSelect, Skeleton, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { BoardFields } from './board-fields.tsx';
import './community.css';
import { type Board, type BoardPatch, deleteBoard, getBoard, patchBoard } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

const route = getRouteApi('/boards/$b/edit');
const WRITERS = ['member', 'advertiser', 'marketer', 'moderator', 'admin'] as const;
const READERS = ['anyone', ...WRITERS] as const;

const toPatch = (form: FormData): BoardPatch => ({
  title: String(form.get('title')),
  description: String(form.get('description')),
  position: Number(form.get('position')),
  read_role: String(form.get('read_role')) as NonNullable<BoardPatch['read_role']>,
  write_role: String(form.get('write_role')) as NonNullable<BoardPatch['write_role']>,
  is_archived: form.has('is_archived'),
});

const Form = ({ board }: { board: Board }) => {
  const { t } = usePostSpeech();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const forget = () =>
    Promise.all([
      queries.invalidateQueries({ queryKey: ['boards'] }),
      queries.invalidateQueries({ queryKey: ['board', board.id] }),
    ]);
  const save = useMutation({
    mutationFn: (body: BoardPatch) => patchBoard(board.id, body),
    onSuccess: async () => {
      await forget();
      sayText(t('boardSaved'));
      await navigate({ to: '/boards/$b', params: { b: String(board.id) } });
    },
  });
  const roles = (names: readonly (typeof READERS)[number][]) =>
    names.map((value) => ({ value, label: t(`role.${value}`) }));
  return (
    <>
      <form
        className="panel form"
        onSubmit={(event) => {
          event.preventDefault();
          save.mutate(toPatch(new FormData(event.currentTarget)));
        }}
      >
        <BoardFields title={board.title} description={board.description} />
        <div className="pair">
          <NativeSelect
            name="read_role"
            label={t('readRole')}
            defaultValue={board.read_role}
            data={roles(READERS)}
          />
          <NativeSelect
            name="write_role"
            label={t('writeRole')}
            defaultValue={board.write_role}
            data={roles(WRITERS)}
          />
        </div>
        <TextInput
          type="number"
          name="position"
          label={t('position')}
          description={t('positionHint')}
          defaultValue={board.position}
          required
        />
        <Checkbox
          name="is_archived"
          label={t('archive')}
          description={t('archiveHint')}
          defaultChecked={board.is_archived}
        />
        {save.isError && <Problem error={save.error} />}
        <div className="acts">
          <Button type="submit" loading={save.isPending}>
            {t('save')}
          </Button>
        </div>
      </form>
      <section className="panel danger">
        <p className="small soft">{t('deleteBoardHint')}</p>
        <AskButton
          variant="light"
          color="red"
          size="sm"
          label={t('deleteBoard')}
          question={t('deleteBoardAsk', { title: board.title })}
          hint={t('deleteBoardHint')}
          final={t('deleteFinal')}
          run={async () => {
            await deleteBoard(board.id);
            await forget();
            await navigate({ to: '/boards' });
          }}
        />
      </section>
    </>
  );
};

export const BoardEdit = () => {
  const { b } = route.useParams();
  const { t } = usePostSpeech();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['board', Number(b)],
    queryFn: ({ signal }) => getBoard(Number(b), signal),
  });
  return (
    <div className="page-narrow">
      <title>{`${t('editBoard')} · Weir`}</title>
      <div>
        <Link to="/boards/$b" params={{ b }} className="back">
          ← {t('backToBoard')}
        </Link>
        <h1>{t('editBoard')}</h1>
      </div>
      {isPending && <Skeleton height={420} radius="lg" />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && <Form key={data.updated_at} board={data} />}
    </div>
  );
};

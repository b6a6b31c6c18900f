import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Problem } from '../problem.tsx';
import { mutePost, preferencesQuery } from './inbox-api.ts';
import { useInboxSpeech } from './inbox-speech.ts';

export const MutedPosts = ({ ids }: { ids: readonly number[] }) => {
  const { t } = useInboxSpeech();
  const queries = useQueryClient();
  const unmute = useMutation({
    mutationFn: (id: number) => mutePost(id, false),
    onSuccess: () => queries.invalidateQueries({ queryKey: preferencesQuery.queryKey }),
  });
  if (ids.length === 0) return null;
  return (
    <section className="panel form">
      <h2>{t('mutedPosts')}</h2>
      {unmute.isError && <Problem error={unmute.error} />}
      <ul className="acts">
        {ids.map((id) => (
          <li key={id}>
            <Button
              variant="default"
              size="xs"
              fz="sm"
              loading={unmute.isPending && unmute.variables === id}
              onClick={() => unmute.mutate(id)}
            >
              {t('unmutePost', { id: String(id) })}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
};

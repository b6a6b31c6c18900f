import { Button } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { mutePost, preferencesQuery } from '../inbox/inbox-api.ts';
import { sayText } from '../notice.tsx';
import { usePostSpeech } from './post-speech.ts';

/** Hears no more of what happens to one post. */
export const MuteButton = ({ id }: { id: number }) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  const { data } = useQuery({ ...preferencesQuery, staleTime: 60_000 });
  const muted = !!data?.muted_posts.includes(id);
  const toggle = useMutation({
    mutationFn: () => mutePost(id, !muted),
    onSuccess: () => queries.invalidateQueries({ queryKey: preferencesQuery.queryKey }),
    onError: (error) => sayText(error.message),
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      disabled={!data}
      loading={toggle.isPending}
      onClick={() => toggle.mutate()}
    >
      {t(muted ? 'unmute' : 'mute')}
    </Button>
  );
};

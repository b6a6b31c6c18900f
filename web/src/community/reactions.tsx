import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type Emoji, listReactions, react, type Subject } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

const EMOJI: readonly Emoji[] = ['👍', '❤️', '😂', '😮', '😢', '😡'];

export const Reactions = ({ subject }: { subject: Subject }) => {
  const { t, number } = usePostSpeech();
  const queries = useQueryClient();
  const queryKey = ['reactions', subject.kind, subject.id];
  const { data } = useQuery({ queryKey, queryFn: ({ signal }) => listReactions(subject, signal) });
  const toggle = useMutation({
    mutationFn: ({ emoji, on }: { emoji: Emoji; on: boolean }) => react(subject, emoji, on),
    onSuccess: (counts) => queries.setQueryData(queryKey, counts),
  });
  return (
    <fieldset className="reactions" aria-label={t('reactions')}>
      {EMOJI.map((emoji) => {
        const counted = data?.find((one) => one.emoji === emoji);
        return (
          <button
            key={emoji}
            type="button"
            aria-pressed={counted?.mine ?? false}
            disabled={!data || toggle.isPending}
            onClick={() => toggle.mutate({ emoji, on: !counted?.mine })}
          >
            {emoji} {counted && number(counted.count)}
          </button>
        );
      })}
      {toggle.isError && (
        <span className="small" role="alert">
          {toggle.error.message}
        </span>
      )}
    </fieldset>
  );
};

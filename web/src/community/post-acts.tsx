import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { hasRole, useMe } from '../session.ts';
import { BookmarkButton } from './bookmark-button.tsx';
import { deletePost, type Post, pinPost } from './community-api.ts';
import { useModerates } from './moderates.ts';
import { MuteButton } from './mute-button.tsx';
import { postQuery } from './post-query.ts';
import { usePostSpeech } from './post-speech.ts';
import { ReportButton } from './report-button.tsx';

const PinButton = ({ post }: { post: Post }) => {
  const { t } = usePostSpeech();
  const queries = useQueryClient();
  const at = { b: post.board.id, p: post.id };
  const pin = useMutation({
    mutationFn: () => pinPost(at, !post.is_pinned),
    onSuccess: async (now) => {
      queries.setQueryData(postQuery(at).queryKey, now);
      await queries.invalidateQueries({ queryKey: ['posts', at.b] });
    },
    onError: (error) => sayText(error.message),
  });
  return (
    <Button
      variant="subtle"
      color="gray"
      size="compact-sm"
      loading={pin.isPending}
      onClick={() => pin.mutate()}
    >
      {t(post.is_pinned ? 'unpin' : 'pin')}
    </Button>
  );
};

const DeleteButton = ({ post }: { post: Post }) => {
  const { t } = usePostSpeech();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const b = post.board.id;
  return (
    <AskButton
      color="red"
      label={t('delete')}
      question={t('deletePostAsk', { title: post.title })}
      hint={t('deletePostHint')}
      final={t('deleteFinal')}
      run={async () => {
        await deletePost({ b, p: post.id });
        sayText(t('postDeleted'));
        await navigate({ to: '/boards/$b', params: { b: String(b) } });
        queries.removeQueries({ queryKey: ['post', b, post.id] });
        await queries.invalidateQueries({ queryKey: ['posts', b] });
      }}
    />
  );
};

export const PostActs = ({ post }: { post: Post }) => {
  const { t } = usePostSpeech();
  const me = useMe();
  const moderates = useModerates(post.board.id);
  const own = post.author.id === me?.id;
  const mayEdit = own || hasRole(me, 'admin');
  const params = { b: String(post.board.id), p: String(post.id) };
  const link = { variant: 'subtle', color: 'gray', size: 'compact-sm' } as const;
  return (
    <div className="acts middle">
      <BookmarkButton id={post.id} />
      {mayEdit && (
        <Button
          {...link}
          renderRoot={(props) => <Link to="/boards/$b/posts/$p/edit" params={params} {...props} />}
        >
          {t('edit')}
        </Button>
      )}
      {(own || moderates) && (
        <Button
          {...link}
          renderRoot={(props) => <Link to="/boards/$b/posts/$p/history" params={params} {...props} />}
        >
          {t('history')}
        </Button>
      )}
      {moderates && <PinButton post={post} />}
      <MuteButton id={post.id} />
      {mayEdit && <DeleteButton post={post} />}
      {!own && <ReportButton subject={{ kind: 'post', id: post.id }} />}
    </div>
  );
};

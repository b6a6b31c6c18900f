/** Editing a post or a draft. Who was late sees what it says now, keeps the own text, and decides. */
import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { hasRole, useMe } from '../session.ts';
import './community.css';
import {
  changePost,
  conflictOf,
  deletePost,
  getLatestText,
  type Post,
  type PostPatch,
  type VersionText,
} from './community-api.ts';
import { PostFields } from './post-fields.tsx';
import { postQuery } from './post-query.ts';
import { usePostSpeech } from './post-speech.ts';

const route = getRouteApi('/boards/$b/posts/$p/edit');

const Theirs = ({ text, version }: { text: VersionText; version: number }) => {
  const { t, number } = usePostSpeech();
  return (
    <section className="panel theirs" role="alert">
      <h2>{t('conflict', { version: number(version) })}</h2>
      <p className="small soft">{t('conflictHint')}</p>
      <b>{text.title}</b>
      <pre className="source">{text.content}</pre>
    </section>
  );
};

const DraftDelete = ({ post }: { post: Post }) => {
  const { t } = usePostSpeech();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  return (
    <AskButton
      variant="light"
      color="red"
      size="sm"
      label={t('deleteDraft')}
      question={t('deleteDraftAsk')}
      hint={t('deletePostHint')}
      final={t('deleteFinal')}
      run={async () => {
        await deletePost({ b: post.board.id, p: post.id });
        await navigate({ to: '/boards/$b', params: { b: String(post.board.id) }, ignoreBlocker: true });
        await queries.invalidateQueries({ queryKey: ['posts', post.board.id] });
      }}
    />
  );
};

const Editor = ({ post }: { post: Post }) => {
  const { t } = usePostSpeech();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const keptRef = useRef(false);
  const [initial] = useState({ title: post.title, content: post.content });
  const [version, setVersion] = useState(post.version);
  const [theirs, setTheirs] = useState<VersionText>();
  const at = { b: post.board.id, p: post.id };
  const params = { b: String(at.b), p: String(at.p) };
  const save = useMutation({
    mutationFn: async (patch: PostPatch) => {
      try {
        return await changePost(at, { ...patch, version });
      } catch (error) {
        const current = conflictOf(error);
        if (current === undefined) throw error;
        setTheirs(await getLatestText(at));
        setVersion(current);
        return undefined;
      }
    },
    onSuccess: async (saved) => {
      if (!saved) return;
      setTheirs(undefined);
      keptRef.current = true;
      queries.setQueryData(postQuery(at).queryKey, saved);
      await queries.invalidateQueries({ queryKey: ['posts', at.b] });
      await queries.invalidateQueries({ queryKey: ['versions', at.p] });
      sayText(t(saved.is_draft ? 'draftSaved' : post.is_draft ? 'published' : 'postSaved'));
      if (saved.is_draft) setVersion(saved.version);
      else await navigate({ to: '/boards/$b/posts/$p', params });
    },
  });
  const publishes = post.is_draft;
  return (
    <>
      {theirs && <Theirs text={theirs} version={version} />}
      <PostFields
        initial={initial}
        keptRef={keptRef}
        error={save.error}
        onSubmit={(text, act) => {
          keptRef.current = false;
          save.mutate({ ...text, ...(act === 'publish' && { is_draft: false }) });
        }}
      >
        <Button type="submit" value={publishes ? 'publish' : 'save'} loading={save.isPending}>
          {t(theirs ? 'saveMine' : publishes ? 'publish' : 'save')}
        </Button>
        {publishes && (
          <Button type="submit" value="draft" variant="default" disabled={save.isPending}>
            {t('saveDraft')}
          </Button>
        )}
        {!publishes && (
          <Button
            variant="default"
            renderRoot={(props) => <Link to="/boards/$b/posts/$p" params={params} {...props} />}
          >
            {t('cancel')}
          </Button>
        )}
        {publishes && <DraftDelete post={post} />}
      </PostFields>
    </>
  );
};

export const PostEdit = () => {
  const { b, p } = route.useParams();
  const { t } = usePostSpeech();
  const me = useMe();
  const { data, error, isPending, refetch } = useQuery({
    ...postQuery({ b: Number(b), p: Number(p) }),
    staleTime: Number.POSITIVE_INFINITY, // whoever came from the post has read it already
  });
  const mayEdit = data && (data.author.id === me?.id || hasRole(me, 'admin'));
  return (
    <>
      <title>{`${t('editPost')} · Weir`}</title>
      <div>
        <Link to="/boards/$b" params={{ b }} className="back">
          ← {data?.board.title ?? t('backToBoard')}
        </Link>
        <h1>{t(data?.is_draft ? 'editDraft' : 'editPost')}</h1>
      </div>
      {isPending && <Skeleton height={480} radius="lg" />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && !mayEdit && <p className="panel empty">{t('notYourPost')}</p>}
      {data && mayEdit && <Editor key={data.id} post={data} />}
    </>
  );
};

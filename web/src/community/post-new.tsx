/** A new post, or a draft that its author alone sees. */
import { Button } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useRef } from 'react';
import { sayText } from '../notice.tsx';
import './community.css';
import { createPost, type NewPost } from './community-api.ts';
import { useIdempotencyKey } from './idempotency-key.ts';
import { PostFields } from './post-fields.tsx';
import { postQuery } from './post-query.ts';
import { usePostSpeech } from './post-speech.ts';

const route = getRouteApi('/boards/$b/new');
const NOTHING = { title: '', content: '' };

export const PostNew = () => {
  const { b } = route.useParams();
  const { t } = usePostSpeech();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const keptRef = useRef(false);
  const { keyOf } = useIdempotencyKey();
  const create = useMutation({
    mutationFn: (body: NewPost) => createPost(Number(b), body, keyOf(body)),
    onSuccess: async (post) => {
      keptRef.current = true;
      await queries.invalidateQueries({ queryKey: ['posts', Number(b)] });
      sayText(t(post.is_draft ? 'draftSaved' : 'published'));
      // its author need not open it again to see it: that would be a view
      queries.setQueryData(postQuery({ b: Number(b), p: post.id }).queryKey, post);
      const params = { b, p: String(post.id) };
      await navigate({ to: post.is_draft ? '/boards/$b/posts/$p/edit' : '/boards/$b/posts/$p', params });
    },
  });
  return (
    <>
      <title>{`${t('writePost')} · Weir`}</title>
      <div>
        <Link to="/boards/$b" params={{ b }} className="back">
          ← {t('backToBoard')}
        </Link>
        <h1>{t('writePost')}</h1>
      </div>
      <PostFields
        initial={NOTHING}
        keptRef={keptRef}
        error={create.error}
        onSubmit={(text, act) => create.mutate({ ...text, is_draft: act === 'draft' })}
      >
        <Button type="submit" value="publish" loading={create.isPending}>
          {t('publish')}
        </Button>
        <Button type="submit" value="draft" variant="default" disabled={create.isPending}>
          {t('saveDraft')}
        </Button>
      </PostFields>
    </>
  );
};

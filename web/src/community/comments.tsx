import { Button, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { CommentForm } from './comment-form.tsx';
import { CommentItem } from './comment-item.tsx';
import { COMMENTS_A_PAGE, createComment, listComments, type PostAt } from './community-api.ts';
import { useIdempotencyKey } from './idempotency-key.ts';
import { usePostSpeech } from './post-speech.ts';

const route = getRouteApi('/boards/$b/posts/$p');

/** Comments, the oldest first, a page at a time; the last page is where one's own appears. */
export const Comments = ({ at }: { at: PostAt }) => {
  const { t, number } = usePostSpeech();
  const { page = 1 } = route.useSearch();
  const navigate = route.useNavigate();
  const queries = useQueryClient();
  const { keyOf, done } = useIdempotencyKey();
  const queryOf = (of: number) => ({
    queryKey: ['comments', at.p, of],
    queryFn: ({ signal }: { signal?: AbortSignal }) => listComments(at, of, signal),
  });
  const list = useQuery({ ...queryOf(page), placeholderData: keepPreviousData });
  const turn = (to: number) =>
    navigate({ search: to > 1 ? { page: to } : {}, replace: true, resetScroll: false });
  const write = async (content: string) => {
    const body = { content };
    const made = await createComment(at, body, keyOf(body));
    done();
    await queries.invalidateQueries({ queryKey: ['comments', at.p] });
    const last = Math.ceil(((list.data?.count ?? 0) + 1) / COMMENTS_A_PAGE);
    await turn(last);
    const shown = await queries.fetchQuery(queryOf(last)).catch(() => undefined);
    const isHeld = shown && !shown.next && !shown.results.some(({ id }) => id === made.id);
    sayText(t(isHeld ? 'commentHeld' : 'commented'));
  };
  const { data } = list;
  const pages = Math.max(1, Math.ceil((data?.count ?? 0) / COMMENTS_A_PAGE));
  return (
    <section className="comments" aria-label={t('comments')}>
      <h2>{t('commentsCount', { count: number(data?.count ?? 0) })}</h2>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Skeleton height={120} radius="lg" />}
      {data?.count === 0 && <p className="soft">{t('noComments')}</p>}
      <ul className="rows">
        {data?.results.map((comment) => (
          <CommentItem key={comment.id} comment={comment} at={at} />
        ))}
      </ul>
      {pages > 1 && (
        <div className="acts middle">
          <Button variant="default" size="xs" disabled={page <= 1} onClick={() => void turn(page - 1)}>
            {t('olderComments')}
          </Button>
          <span className="soft small">{t('pageOf', { page: number(page), pages: number(pages) })}</span>
          <Button variant="default" size="xs" disabled={!data?.next} onClick={() => void turn(page + 1)}>
            {t('newerComments')}
          </Button>
        </div>
      )}
      <div className="panel">
        <CommentForm label={t('writeComment')} final={t('comment')} onSubmit={write} />
      </div>
    </section>
  );
};

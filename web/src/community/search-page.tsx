/** Posts of every board that the viewer may read, best match first. */
import { Button, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { AuthorLine } from './author-line.tsx';
import './community.css';
import { type Found, search } from './community-api.ts';
import { Marked } from './marked.tsx';
import { usePostSpeech } from './post-speech.ts';
import { SearchBox } from './search-box.tsx';

const route = getRouteApi('/search');

const Hit = ({ hit }: { hit: Found['results'][number] }) => (
  <li className="panel post-row" data-open="true">
    <div className="post-name">
      <Link to="/boards/$b/posts/$p" params={{ b: String(hit.board.id), p: String(hit.id) }} preload={false}>
        <Marked html={hit.highlights.title} />
      </Link>
    </div>
    <p className="small snippet-line">
      <Marked html={hit.highlights.content} />
    </p>
    <AuthorLine author={hit.author} at={hit.created_at}>
      <span className="name">{hit.board.title}</span>
    </AuthorLine>
  </li>
);

/** What the server understood, and what it would rather have been asked. */
const Understood = ({ found }: { found: Found }) => {
  const { t } = usePostSpeech();
  return (
    <>
      {found.interpreted_as && <p>{t('interpretedAs', { text: found.interpreted_as })}</p>}
      {found.did_you_mean && (
        <p>
          {t('didYouMean')}{' '}
          <Link to="/search" search={{ q: found.did_you_mean }} className="meant">
            {found.did_you_mean}
          </Link>
        </p>
      )}
    </>
  );
};

const pageOf = (path: string) => {
  const query = new URL(path, location.origin).searchParams;
  const to = query.get('to');
  return { page: Number(query.get('page')) || 1, ...(to && { to }) };
};

export const SearchPage = () => {
  const asked = route.useSearch();
  const { q } = asked;
  const navigate = route.useNavigate();
  const { t, number } = usePostSpeech();
  const found = useQuery({
    queryKey: ['search', asked],
    queryFn: ({ signal }) => search({ ...asked, q: q ?? '' }, signal),
    placeholderData: keepPreviousData,
    enabled: !!q,
    staleTime: 30_000,
    refetchOnWindowFocus: false,
  });
  const data = q ? found.data : undefined;
  const turn = (path: string) => void navigate({ search: { ...(q && { q }), ...pageOf(path) } });
  return (
    <>
      <title>{`${q ? `${q} – ` : ''}${t('searchTitle')} · Weir`}</title>
      <div>
        <Link to="/boards" className="back">
          ← {t('allBoards')}
        </Link>
        <div className="head">
          <h1 className="grow">{t('searchTitle')}</h1>
          <SearchBox
            label={t('searchAll')}
            value={q ?? ''}
            onSearch={(text) => void navigate({ search: text ? { q: text } : {} })}
          />
        </div>
      </div>
      {!q && <p className="panel empty soft">{t('searchHint')}</p>}
      {found.isError && <Problem error={found.error} onRetry={() => void found.refetch()} />}
      {found.isLoading && <Skeleton height={320} radius="lg" />}
      {data && (
        <div role="status">
          <Understood found={data} />
          <p className="soft small">{t('foundCount', { count: number(data.count) })}</p>
        </div>
      )}
      {data && data.results.length === 0 && (
        <div className="panel empty">
          <h2>{t('noMatch')}</h2>
          <p className="soft">{t('noMatchHint')}</p>
        </div>
      )}
      <ul className="rows">
        {data?.results.map((hit) => (
          <Hit key={hit.id} hit={hit} />
        ))}
      </ul>
      {data && (
        <div className="acts">
          {data.previous && (
            <Button variant="default" onClick={() => turn(data.previous ?? '')}>
              {t('previousPage')}
            </Button>
          )}
          {data.next && (
            <Button variant="default" onClick={() => turn(data.next ?? '')}>
              {t('nextPage')}
            </Button>
          )}
        </div>
      )}
    </>
  );
};

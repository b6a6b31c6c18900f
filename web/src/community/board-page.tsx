/** The posts of one board, a part at a time. */
import { Button, SegmentedControl, Skeleton } from '@mantine/core';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { hasRole, useMe } from '../session.ts';
import { type BoardSearch, toPostQuery } from './board-search.ts';
import './community.css';
import { getBoard, listPosts } from './community-api.ts';
import { PostRows } from './post-rows.tsx';
import { usePostSpeech } from './post-speech.ts';
import { SearchBox } from './search-box.tsx';

const route = getRouteApi('/boards/$b');
type Shown = 'posts' | NonNullable<BoardSearch['state']>;
const SHOWN: readonly Shown[] = ['posts', 'draft', 'deleted'];

const Nothing = ({ search }: { search: BoardSearch }) => {
  const { t } = usePostSpeech();
  if (search.last_id || search.first_id) return <p className="panel empty">{t('noMorePosts')}</p>;
  if (search.state) return <p className="panel empty">{t(`none.${search.state}`)}</p>;
  return (
    <div className="panel empty">
      <h2>{t(search.keyword ? 'noMatch' : 'noPosts')}</h2>
      <p className="soft">{t(search.keyword ? 'noMatchHint' : 'noPostsHint')}</p>
    </div>
  );
};

/** Turns to what is newer or older than what is shown. */
const Turns = ({ search, newest, older }: { search: BoardSearch; newest?: number; older?: number }) => {
  const { t } = usePostSpeech();
  const navigate = route.useNavigate();
  const { last_id, first_id, ...rest } = search;
  const turn = (to: Partial<BoardSearch>) => void navigate({ search: { ...rest, ...to } });
  const isFirst = !last_id && !first_id;
  return (
    <div className="acts">
      {!isFirst && (
        <Button variant="default" onClick={() => turn({})}>
          {t(search.keyword ? 'bestPosts' : 'newestPosts')}
        </Button>
      )}
      {!isFirst && newest && !search.keyword && !search.state && (
        <Button variant="default" onClick={() => turn({ first_id: newest })}>
          {t('newerPosts')}
        </Button>
      )}
      {older && (
        <Button variant="default" onClick={() => turn({ last_id: older })}>
          {t(search.keyword ? 'morePosts' : 'olderPosts')}
        </Button>
      )}
    </div>
  );
};

export const BoardPage = () => {
  const { b } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { t } = usePostSpeech();
  const isAdmin = hasRole(useMe(), 'admin');
  const board = useQuery({
    queryKey: ['board', Number(b)],
    queryFn: ({ signal }) => getBoard(Number(b), signal),
  });
  const query = toPostQuery(search);
  const list = useQuery({
    queryKey: ['posts', Number(b), query],
    queryFn: ({ signal }) => listPosts(Number(b), query, signal),
    placeholderData: keepPreviousData,
    enabled: board.isSuccess,
  });
  const posts = list.data?.items ?? [];
  const newest = posts.find((post) => !post.is_pinned)?.id ?? search.last_id;
  return (
    <>
      <title>{`${board.data?.title ?? t('board')} · Weir`}</title>
      <div>
        <Link to="/boards" className="back">
          ← {t('allBoards')}
        </Link>
        <div className="head">
          <h1 className="grow">{board.data?.title ?? (board.isPending ? t('loading') : t('board'))}</h1>
          {isAdmin && board.data && (
            <Link to="/boards/$b/edit" params={{ b }} className="back">
              {t('editBoard')}
            </Link>
          )}
          {board.data && !board.data.is_archived && (
            <Button renderRoot={(props) => <Link to="/boards/$b/new" params={{ b }} {...props} />}>
              {t('writePost')}
            </Button>
          )}
        </div>
        {board.data?.description && <p className="soft about">{board.data.description}</p>}
        {board.data?.is_archived && <p className="small soft">{t('archivedHint')}</p>}
      </div>
      {board.isError && <Problem error={board.error} onRetry={() => void board.refetch()} />}
      {board.data && (
        <div className="head">
          <SegmentedControl
            aria-label={t('shown')}
            value={search.state ?? 'posts'}
            onChange={(value) =>
              void navigate({ search: value === 'posts' ? {} : { state: value as 'draft' | 'deleted' } })
            }
            data={SHOWN.map((value) => ({ value, label: t(`shown.${value}`) }))}
          />
          <SearchBox
            label={t('searchBoard')}
            value={search.keyword ?? ''}
            onSearch={(keyword) => void navigate({ search: keyword ? { keyword } : {} })}
          />
        </div>
      )}
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isLoading && <Skeleton height={320} radius="lg" />}
      {list.data && posts.length === 0 && <Nothing search={search} />}
      <PostRows posts={posts} />
      {list.data && (
        <Turns
          search={search}
          {...(newest && { newest })}
          {...(list.data.older && { older: list.data.older })}
        />
      )}
    </>
  );
};

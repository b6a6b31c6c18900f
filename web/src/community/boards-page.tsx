/** Every board that the viewer may read. */
import { Badge, Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import './community.css';
import { type Board, listBoards } from './community-api.ts';
import { useModeratesAny } from './moderates.ts';
import { usePostSpeech } from './post-speech.ts';
import { SearchBox } from './search-box.tsx';

const Row = ({ board }: { board: Board }) => {
  const { t } = usePostSpeech();
  return (
    <li className="panel post-row">
      <div className="post-name">
        <Link to="/boards/$b" params={{ b: String(board.id) }}>
          {board.title}
        </Link>
        {board.is_archived && (
          <Badge variant="light" color="gray" radius="sm" tt="none">
            {t('archived')}
          </Badge>
        )}
        {board.read_role !== 'anyone' && (
          <Badge variant="light" radius="sm" tt="none">
            {t('closedBoard')}
          </Badge>
        )}
      </div>
      {board.description && <p className="soft small snippet-line">{board.description}</p>}
    </li>
  );
};

export const BoardsPage = () => {
  const { t } = usePostSpeech();
  const navigate = useNavigate();
  const moderates = useModeratesAny();
  const list = useInfiniteQuery({
    queryKey: ['boards'],
    queryFn: ({ pageParam, signal }) => listBoards(pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (part) => part.older,
  });
  const boards = list.data?.pages.flatMap((part) => part.items) ?? [];
  return (
    <>
      <title>{`${t('boards')} · Weir`}</title>
      <div className="head">
        <h1 className="grow">{t('boards')}</h1>
        <SearchBox
          label={t('searchAll')}
          value=""
          onSearch={(q) => void navigate({ to: '/search', search: { q } })}
        />
        <Button renderRoot={(props) => <Link to="/boards/new" {...props} />}>{t('newBoard')}</Button>
      </div>
      <nav className="links" aria-label={t('more.community')}>
        <Link to="/bookmarks">{t('bookmarks')}</Link>
        {moderates && <Link to="/moderation">{t('moderation')}</Link>}
      </nav>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && (
        <div className="rows" role="status" aria-label={t('loading')}>
          {[1, 2, 3].map((n) => (
            <Skeleton key={n} height={70} radius="lg" />
          ))}
        </div>
      )}
      {list.isSuccess && boards.length === 0 && (
        <div className="panel empty">
          <h2>{t('noBoards')}</h2>
          <p className="soft">{t('noBoardsHint')}</p>
        </div>
      )}
      <ul className="rows">
        {boards.map((board) => (
          <Row key={board.id} board={board} />
        ))}
      </ul>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('moreBoards')}
        </Button>
      )}
    </>
  );
};

/** What a post said before, and what each version changed. */
import { Button, Skeleton } from '@mantine/core';
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import './community.css';
import { type Change, getVersion, listVersions, type PostAt } from './community-api.ts';
import { usePostSpeech } from './post-speech.ts';

const route = getRouteApi('/boards/$b/posts/$p/history');

/** What was taken out and put in, as the elements that say so: a screen reader tells them too. */
const Diff = ({ changes }: { changes: readonly Change[] }) =>
  changes.map(({ op, text }, at) => {
    const Part = op === 'added' ? 'ins' : op === 'removed' ? 'del' : 'span';
    // biome-ignore lint/suspicious/noArrayIndexKey: parts of one text, which never move
    return <Part key={at}>{text}</Part>;
  });

const Version = ({ at, version }: { at: PostAt; version: number }) => {
  const { t, number } = usePostSpeech();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['version', at.p, version],
    queryFn: ({ signal }) => getVersion(at, version, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (isPending) return <Skeleton height={240} radius="lg" />;
  if (error) return <Problem error={error} onRetry={() => void refetch()} />;
  return (
    <section className="panel diff">
      <h2>{t('versionChanged', { version: number(version) })}</h2>
      <p className="small soft">{t('diffHint')}</p>
      <p className="diff-title">
        <Diff changes={data.diff.title} />
      </p>
      <pre className="source">
        <Diff changes={data.diff.content} />
      </pre>
    </section>
  );
};

export const HistoryPage = () => {
  const { b, p } = route.useParams();
  const search = route.useSearch();
  const { t, time, number } = usePostSpeech();
  const at = { b: Number(b), p: Number(p) };
  const list = useInfiniteQuery({
    queryKey: ['versions', at.p],
    queryFn: ({ pageParam, signal }) => listVersions(at, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (part) => part.older,
  });
  const versions = list.data?.pages.flatMap((part) => part.items) ?? [];
  const shown = search.version ?? versions[0]?.version;
  return (
    <>
      <title>{`${t('history')} · Weir`}</title>
      <div>
        <Link to="/boards/$b/posts/$p" params={{ b, p }} preload={false} className="back">
          ← {t('backToPost')}
        </Link>
        <h1>{t('history')}</h1>
      </div>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton height={240} radius="lg" />}
      <div className="history">
        <nav aria-label={t('versions')}>
          <ul className="rows">
            {versions.map(({ version, edited_at, editor }) => (
              <li key={version}>
                <Link
                  to="/boards/$b/posts/$p/history"
                  params={{ b, p }}
                  search={{ version }}
                  className="panel version"
                  aria-current={version === shown ? 'true' : undefined}
                >
                  <b>{t('versionNo', { version: number(version) })}</b>
                  <span className="small soft">{time(edited_at, rememberedZone(), 'second')}</span>
                  <span className="small soft name">{editor.display_name}</span>
                </Link>
              </li>
            ))}
          </ul>
          {list.hasNextPage && (
            <Button variant="subtle" size="compact-sm" onClick={() => void list.fetchNextPage()}>
              {t('olderVersions')}
            </Button>
          )}
        </nav>
        {shown !== undefined && <Version key={shown} at={at} version={shown} />}
      </div>
    </>
  );
};

/** What staff did, and whether any line of it was altered since. */
import { Button, Skeleton, TextInput } from '@mantine/core';
import { useInfiniteQuery, useMutation } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import { type AuditEntry, checkAudit, listAudit } from './staff-api.ts';
import { StaffHead } from './staff-head.tsx';
import { useStaffSpeech } from './staff-speech.ts';

const route = getRouteApi('/audit');
const ENTRIES_A_PAGE = 50;

const Check = () => {
  const { t, number } = useStaffSpeech();
  const check = useMutation({ mutationFn: checkAudit });
  const { data } = check;
  return (
    <>
      <Button variant="default" loading={check.isPending} onClick={() => check.mutate()}>
        {t('checkAudit')}
      </Button>
      <div role="status" className="check-result">
        {check.isError && <Problem error={check.error} />}
        {data && (
          <p className="verdict" data-verdict={data.broken_at === null ? 'valid' : 'invalid'}>
            {data.broken_at === null
              ? t('auditWhole', { count: number(data.rows) })
              : t('auditBroken', { at: String(data.broken_at) })}
          </p>
        )}
      </div>
    </>
  );
};

const Entries = ({ entries }: { entries: readonly AuditEntry[] }) => {
  const { t, time } = useStaffSpeech();
  return (
    <div className="panel">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="scroll events" tabIndex={0} aria-label={t('auditLog')}>
        <table className="data left audit">
          <thead>
            <tr>
              <th scope="col">{t('entryNo')}</th>
              <th scope="col">{t('time')}</th>
              <th scope="col">{t('who')}</th>
              <th scope="col">{t('act')}</th>
              <th scope="col">{t('subject')}</th>
              <th scope="col">{t('detail')}</th>
            </tr>
          </thead>
          <tbody>
            {entries.map((entry) => (
              <tr key={entry.seq}>
                <td>{entry.seq}</td>
                <td>{time(entry.at, rememberedZone(), 'second')}</td>
                <td>
                  {entry.actor_id === null ? t('theServer') : t('memberNo', { id: String(entry.actor_id) })}
                </td>
                <td className="code">{entry.action}</td>
                <td className="code">{entry.subject}</td>
                <td className="code audit-detail">{JSON.stringify(entry.detail)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
};

export const AuditPage = () => {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { t } = useStaffSpeech();
  const list = useInfiniteQuery({
    queryKey: ['audit', search],
    queryFn: ({ pageParam, signal }) =>
      listAudit({ ...search, ...(pageParam && { before: pageParam }) }, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => (page.length < ENTRIES_A_PAGE ? undefined : page.at(-1)?.seq),
  });
  const entries = list.data?.pages.flat() ?? [];
  return (
    <>
      <StaffHead title={t('auditLog')}>
        <form
          className="search-box"
          onSubmit={(event) => {
            event.preventDefault();
            const subject = String(new FormData(event.currentTarget).get('subject')).trim();
            void navigate({ search: subject ? { subject } : {} });
          }}
        >
          <TextInput
            type="search"
            name="subject"
            aria-label={t('auditSubject')}
            placeholder={t('auditSubject')}
            defaultValue={search.subject ?? ''}
          />
          <Button type="submit" variant="default">
            {t('filter')}
          </Button>
        </form>
        <Check />
      </StaffHead>
      <p className="soft">{t('auditAbout')}</p>
      {list.isError && <Problem error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton height={320} radius="lg" />}
      {list.isSuccess && entries.length === 0 && <p className="panel empty soft">{t('noAudit')}</p>}
      {entries.length > 0 && <Entries entries={entries} />}
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('olderEntries')}
        </Button>
      )}
    </>
  );
};

/** Work in the background: what waits, what was given up and why, and to try it again. */
import { Button, Skeleton } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { AskButton } from '../ask-button.tsx';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import { discardJob, getJobs, type Jobs, type ParkedJob, retryJob } from './staff-api.ts';
import { StaffHead } from './staff-head.tsx';
import { useStaffSpeech } from './staff-speech.ts';

const POLL_MS = 2000;
const PARKED_A_PAGE = 50;
const COUNTS = ['waiting', 'running', 'later', 'parked'] as const;

const Kinds = ({ kinds }: Pick<Jobs, 'kinds'>) => {
  const { t, number, duration } = useStaffSpeech();
  return (
    <div className="panel">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="scroll events" tabIndex={0} aria-label={t('jobs')}>
        <table className="data">
          <thead>
            <tr>
              <th scope="col">{t('kind')}</th>
              {COUNTS.map((count) => (
                <th key={count} scope="col" title={t(`jobsHint.${count}`)}>
                  {t(`jobs.${count}`)}
                </th>
              ))}
              <th scope="col">{t('oldest')}</th>
            </tr>
          </thead>
          <tbody>
            {kinds.map((row) => (
              <tr key={row.kind}>
                <th scope="row" className="code">
                  {row.kind}
                </th>
                {COUNTS.map((count) => (
                  <td key={count} data-alarm={count === 'parked' && row.parked > 0}>
                    {number(row[count])}
                  </td>
                ))}
                <td>{row.oldest_ms === null ? '–' : duration(row.oldest_ms)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
};

const Parked = ({ job }: { job: ParkedJob }) => {
  const { t, time, number } = useStaffSpeech();
  const queries = useQueryClient();
  const reload = () => queries.invalidateQueries({ queryKey: ['jobs'] });
  const retry = useMutation({
    mutationFn: () => retryJob(job.id),
    onSuccess: async () => {
      sayText(t('jobRetried'));
      await reload();
    },
  });
  return (
    <li className="panel staff-row">
      <div className="staff-lead">
        <b className="code">
          {job.kind} {job.id}
        </b>
        <span className="small soft">
          {t('parkedAt', { time: time(job.parked_at, rememberedZone(), 'second'), tries: number(job.tries) })}
        </span>
      </div>
      <pre className="reason">{job.reason}</pre>
      <code className="small soft payload">{JSON.stringify(job.payload)}</code>
      {retry.isError && <Problem error={retry.error} />}
      <div className="acts">
        <Button size="compact-sm" loading={retry.isPending} onClick={() => retry.mutate()}>
          {t('retryJob')}
        </Button>
        <AskButton
          color="red"
          label={t('discardJob')}
          question={t('discardJobAsk', { kind: job.kind })}
          hint={t('discardJobHint')}
          final={t('discardJobFinal')}
          run={() => discardJob(job.id).then(reload)}
        />
      </div>
    </li>
  );
};

export const JobsPage = () => {
  const { t } = useStaffSpeech();
  const [after, setAfter] = useState(0);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['jobs', after],
    queryFn: ({ signal }) => getJobs(after, signal),
    refetchInterval: POLL_MS,
  });
  const last = data?.parked.at(-1);
  return (
    <>
      <StaffHead title={t('jobs')} />
      <p className="soft">{t('jobsAbout')}</p>
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {isPending && <Skeleton height={280} radius="lg" />}
      {data?.kinds.length === 0 && <p className="panel empty">{t('noJobs')}</p>}
      {data && data.kinds.length > 0 && <Kinds kinds={data.kinds} />}
      {data && (
        <section className="rows" aria-label={t('jobs.parked')}>
          <h2>{t('parkedJobs')}</h2>
          {data.parked.length === 0 && <p className="soft">{t(after ? 'noMoreParked' : 'noParked')}</p>}
          <ul className="rows">
            {data.parked.map((job) => (
              <Parked key={job.id} job={job} />
            ))}
          </ul>
          <div className="acts">
            {after > 0 && (
              <Button variant="default" onClick={() => setAfter(0)}>
                {t('firstParked')}
              </Button>
            )}
            {last && data.parked.length === PARKED_A_PAGE && (
              <Button variant="default" onClick={() => setAfter(last.id)}>
                {t('moreParked')}
              </Button>
            )}
          </div>
        </section>
      )}
    </>
  );
};

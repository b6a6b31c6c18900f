/** The corner that says whether the numbers are up to date: pipeline lag and running imports. */
import { Popover, Progress, UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { getStatus, type ImportStatus, type Status } from './api.ts';
import { useSpeech } from './language.tsx';
import './status-corner.css';
import { rememberedZone } from './range.ts';

const POLL_MS = 2000;
const CALM_LAG_MS = 5000; // numbers younger than this need no word

const SHOWN_IMPORTS = 5;
const BAR_COLORS = { running: 'river', done: 'teal', failed: 'red', interrupted: 'orange' };

const share = (it: ImportStatus): number =>
  it.state === 'done' ? 1 : it.bytes_total > 0 ? Math.min(1, it.bytes_read / it.bytes_total) : 0;

const Import = ({ it }: { it: ImportStatus }) => {
  const { t, number, wholePercent, duration } = useSpeech();
  const details = [t('lines', { count: number(it.lines) })];
  if (it.state === 'running') {
    details.push(t('rate', { count: number(Math.round(it.rate)) }));
    if (it.eta_ms !== null) details.push(t('left', { time: duration(it.eta_ms) }));
  }
  return (
    <li className="import">
      <div className="import-head">
        <span title={it.name}>{it.name}</span>
        <b>{it.state === 'running' ? wholePercent(share(it)) : t(`import.${it.state}`)}</b>
      </div>
      <Progress
        value={share(it) * 100}
        color={BAR_COLORS[it.state]}
        size="sm"
        aria-label={`${it.name}: ${t(`import.${it.state}`)}`}
      />
      <span className="soft">{details.join(' · ')}</span>
    </li>
  );
};

const summary = (status: Status | undefined, failed: boolean, speech: ReturnType<typeof useSpeech>) => {
  if (failed || !status) return { state: failed ? 'bad' : 'idle', text: speech.t('statusUnknown') };
  const running = status.imports.find((it) => it.state === 'running');
  if (running) {
    const percent = speech.wholePercent(share(running));
    return { state: 'busy', text: speech.t('importing', { percent }) };
  }
  const { lag_events, lag_ms } = status.pipeline;
  if (lag_events === null) return { state: 'bad', text: speech.t('statusUnknown') };
  if (lag_events > 0 && (lag_ms ?? 0) > CALM_LAG_MS) {
    return { state: 'busy', text: speech.t('behind', { count: speech.number(lag_events) }) };
  }
  return { state: 'good', text: speech.t('caughtUp') };
};

export const StatusCorner = () => {
  const speech = useSpeech();
  const { t, number, duration, time } = speech;
  const { data, isError } = useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => getStatus(signal),
    refetchInterval: POLL_MS,
  });
  const { state, text } = summary(data, isError, speech);
  return (
    <Popover position="bottom-end" shadow="md" radius="lg" withinPortal trapFocus>
      <Popover.Target>
        <UnstyledButton className="chip" aria-label={`${t('status')}: ${text}`}>
          <span className="dot" data-state={state} />
          <span className="chip-text">{text}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown aria-label={t('status')}>
        <div className="status">
          <h2>{t('status')}</h2>
          {data ? (
            <dl className="facts">
              <dt>{t('waiting')}</dt>
              <dd>{data.pipeline.lag_events === null ? '–' : number(data.pipeline.lag_events)}</dd>
              <dt>{t('lag')}</dt>
              <dd>{data.pipeline.lag_ms === null ? '–' : duration(data.pipeline.lag_ms)}</dd>
              <dt>{t('completeThrough')}</dt>
              <dd>{time(data.pipeline.complete_through, rememberedZone(), 'second')}</dd>
            </dl>
          ) : (
            <p className="soft">{t('statusUnknown')}</p>
          )}
          {data && data.imports.length > 0 && (
            <>
              <h2>{t('imports')}</h2>
              <ul className="rows">
                {data.imports.slice(0, SHOWN_IMPORTS).map((it) => (
                  <Import key={it.id} it={it} />
                ))}
              </ul>
            </>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
};

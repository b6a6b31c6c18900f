import { useState } from 'react';
import type { Stats } from './api.ts';
import './table.css';
import { useSpeech } from './language.tsx';

const MOST_ROWS = 500; // a browser lays out ten thousand rows slowly, and nobody reads them

/** The chart's series as a table: for screen readers, and for whoever wants the exact number. */
export const StatsTable = ({ stats }: { stats: Stats }) => {
  const { t, number, percent, time } = useSpeech();
  const [open, setOpen] = useState(false);
  const rows = open ? stats.series.slice(-MOST_ROWS).reverse() : [];
  const precision = stats.interval === 'day' ? 'day' : 'minute';
  return (
    <details className="panel" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{t('table')}</summary>
      {stats.series.length > MOST_ROWS && (
        <p className="small soft">{t('tableCut', { count: number(MOST_ROWS) })}</p>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={t('table')}>
        <table className="data">
          <thead>
            <tr>
              <th scope="col">{t('time')}</th>
              <th scope="col">{t('views')}</th>
              <th scope="col">{t('trueViews')}</th>
              <th scope="col">{t('clicks')}</th>
              <th scope="col">{t('ctr')}</th>
              <th scope="col">{t('uniqueViewers')}</th>
              <th scope="col">{t('uniqueClickers')}</th>
              <th scope="col">{t('state')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.start} data-open={!row.complete}>
                <th scope="row">{time(row.start, stats.tz, precision)}</th>
                <td>{number(row.views)}</td>
                <td>{number(row.true_views)}</td>
                <td>{number(row.clicks)}</td>
                <td>{percent(row.ctr)}</td>
                <td>{number(row.unique_viewers)}</td>
                <td>{number(row.unique_clickers)}</td>
                <td>{t(row.complete ? 'complete' : 'counting')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </details>
  );
};

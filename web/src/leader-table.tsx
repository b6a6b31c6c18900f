import { Link } from '@tanstack/react-router';
import type { LeaderRow } from './api.ts';
import { useSpeech } from './language.tsx';
import {
  COLUMN_WORDS,
  COLUMNS,
  type Column,
  type Comparing,
  isShare,
  sortRows,
  sumRows,
} from './leader-columns.ts';

interface Props {
  rows: LeaderRow[];
  comparing: Comparing;
  onSort: (change: Pick<Comparing, 'sort' | 'order'>) => void;
}

const SortHead = ({ column, comparing, onSort }: { column: Comparing['sort'] } & Omit<Props, 'rows'>) => {
  const { t } = useSpeech();
  const { sort, order } = comparing;
  const first = column === 'title' ? 'asc' : 'desc'; // numbers are looked at from the greatest
  const active = sort === column;
  const next = active ? (order === 'desc' ? 'asc' : 'desc') : first;
  return (
    <th scope="col" aria-sort={active ? (order === 'desc' ? 'descending' : 'ascending') : 'none'}>
      <button type="button" className="sort" onClick={() => onSort({ sort: column, order: next })}>
        <span className="sort-mark" aria-hidden="true">
          {active && (order === 'desc' ? '↓' : '↑')}
        </span>
        {t(column === 'title' ? 'campaign' : COLUMN_WORDS[column])}
      </button>
    </th>
  );
};

/** A number with a bar under it: a share of everything for shares of traffic, else of the greatest in its column. */
const Cell = ({ column, value, greatest }: { column: Column; value: number | null; greatest: number }) => {
  const { number, percent } = useSpeech();
  const width = value && greatest > 0 ? (100 * value) / greatest : 0;
  return (
    <td>
      {isShare(column) ? percent(value) : number(value ?? 0)}
      <span className="bar-track" aria-hidden="true" data-column={column}>
        <span style={{ width: `${width}%` }} />
      </span>
    </td>
  );
};

export const LeaderTable = ({ rows, comparing, onSort }: Props) => {
  const { t, number, percent } = useSpeech();
  const { range, tz, from, to } = comparing;
  const search = { range, tz, ...(from && { from }), ...(to && { to }) };
  const totals = sumRows(rows);
  const greatest = (column: Column) =>
    column === 'invalid_share' ? 1 : Math.max(...rows.map((row) => row[column] ?? 0));
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className="scroll" tabIndex={0} aria-label={t('compareTitle')}>
        <table className="data leaders">
          <thead>
            <tr>
              {(['title', ...COLUMNS] as const).map((column) => (
                <SortHead key={column} column={column} comparing={comparing} onSort={onSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {sortRows(rows, comparing).map((row) => (
              <tr key={row.campaign_id}>
                <th scope="row">
                  <Link to="/campaigns/$id" params={{ id: String(row.campaign_id) }} search={search}>
                    {row.title}
                  </Link>
                </th>
                {COLUMNS.map((column) => (
                  <Cell key={column} column={column} value={row[column]} greatest={greatest(column)} />
                ))}
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t('total')}</th>
              {COLUMNS.map((column) => {
                const value = column in totals ? totals[column as keyof typeof totals] : undefined;
                return (
                  <td key={column}>
                    {value === undefined ? '–' : isShare(column) ? percent(value) : number(value ?? 0)}
                  </td>
                );
              })}
            </tr>
          </tfoot>
        </table>
      </section>
      <span className="unseen" role="status">
        {t('sortedBy', {
          column: t(comparing.sort === 'title' ? 'campaign' : COLUMN_WORDS[comparing.sort]),
        })}
      </span>
    </>
  );
};

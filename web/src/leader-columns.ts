/** The columns of the comparison, and how its address names their order. */
import type { LeaderRow } from './api.ts';
import { oneOf, PRESETS, parseWalls, parseZone, type Span } from './range.ts';
import type { Word } from './words.ts';

export const COLUMNS = [
  'views',
  'true_views',
  'clicks',
  'ctr',
  'unique_viewers',
  'unique_clickers',
  'invalid_share',
] as const satisfies (keyof LeaderRow)[];
export type Column = (typeof COLUMNS)[number];
export const COLUMN_WORDS: Record<Column, Word> = {
  views: 'views',
  true_views: 'trueViews',
  clicks: 'clicks',
  ctr: 'ctr',
  unique_viewers: 'uniqueViewers',
  unique_clickers: 'uniqueClickers',
  invalid_share: 'invalidShare',
};
export const isShare = (column: Column): boolean => column === 'ctr' || column === 'invalid_share';

export interface Comparing extends Span {
  sort: Column | 'title';
  order: 'desc' | 'asc';
}

export const parseComparing = (search: Record<string, unknown>): Comparing => ({
  range: oneOf(PRESETS, search.range) ?? '24h',
  tz: parseZone(search.tz),
  sort: oneOf([...COLUMNS, 'title'], search.sort) ?? 'views',
  order: oneOf(['desc', 'asc'], search.order) ?? 'desc',
  ...parseWalls(search),
});

/** What has no value stands last in either order. */
export const sortRows = (rows: readonly LeaderRow[], { sort, order }: Comparing): LeaderRow[] => {
  const sign = order === 'asc' ? 1 : -1;
  return rows.toSorted((a, b) => {
    if (sort === 'title') return sign * a.title.localeCompare(b.title);
    const [x, y] = [a[sort], b[sort]];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    return sign * (x - y);
  });
};

/** Of the columns that add up; a visitor of two campaigns is one person, so uniques do not. */
export const sumRows = (rows: readonly LeaderRow[]): Pick<LeaderRow, Exclude<Column, `unique_${string}`>> => {
  const sum = (column: 'views' | 'true_views' | 'clicks' | 'invalid') =>
    rows.reduce((total, row) => total + row[column], 0);
  const [views, true_views, clicks, invalid] = [
    sum('views'),
    sum('true_views'),
    sum('clicks'),
    sum('invalid'),
  ];
  const all = views + true_views + clicks + invalid;
  return {
    views,
    true_views,
    clicks,
    ctr: views > 0 ? clicks / views : null,
    invalid_share: all > 0 ? invalid / all : null,
  };
};

/** From a stats answer to what uPlot draws: each line twice, the complete part solid, the rest dashed. */
import type { Figures, Stats } from './api.ts';
import type { Metric } from './range.ts';
import type { Word } from './words.ts';

export interface Line {
  word: Word;
  /** a CSS custom property of console.css or Mantine */
  light: string;
  dark: string;
  value: (figures: Figures) => number | null;
}

const WATER = { light: '#007a91', dark: '#44b4ca' };
const SAND = { light: '#c2701c', dark: '#e9a862' };

export const LINES: Record<Metric, Line[]> = {
  views: [
    { word: 'views', ...WATER, value: (it) => it.views },
    { word: 'trueViews', ...SAND, value: (it) => it.true_views },
  ],
  clicks: [{ word: 'clicks', ...WATER, value: (it) => it.clicks }],
  ctr: [{ word: 'ctr', ...WATER, value: (it) => it.ctr }],
  uniques: [
    { word: 'uniqueViewers', ...WATER, value: (it) => it.unique_viewers },
    { word: 'uniqueClickers', ...SAND, value: (it) => it.unique_clickers },
  ],
};

type Column = (number | null)[];
export interface ChartData {
  /** seconds since 1970, the start of each row */
  times: number[];
  /** for each line: complete part, incomplete part */
  columns: [Column, Column][];
  /** index of the first incomplete row; the number of rows where all are complete */
  firstOpen: number;
}

export const toChartData = (stats: Stats, lines: readonly Line[], nowMs: number): ChartData => {
  const { series } = stats;
  const firstOpenRow = series.findIndex((row) => !row.complete);
  const firstOpen = firstOpenRow < 0 ? series.length : firstOpenRow;
  const begun = series.map((row) => Date.parse(row.start) <= nowMs); // a row of the future is no zero, it is nothing
  return {
    times: series.map((row) => Date.parse(row.start) / 1000),
    columns: lines.map(({ value }) => [
      series.map((row, i) => (i < firstOpen ? value(row) : null)),
      // it begins at the last complete point, so that the two parts meet
      series.map((row, i) =>
        begun[i] && i >= firstOpen - 1 && firstOpen < series.length ? value(row) : null,
      ),
    ]),
    firstOpen,
  };
};

import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Stats } from './api.ts';
import { LINES, type Line, toChartData } from './chart-data.ts';
import { type Speech, useSpeech } from './language.tsx';
import type { Metric } from './range.ts';
import { isAmbiguous, offsetName } from './zones.ts';

interface Look {
  dark: boolean;
  lines: Line[];
  metric: Metric;
  tz: string;
  firstOpen: () => number;
  onRow: (row: number | null) => void;
  speech: Speech;
}

const toOptions = (box: HTMLElement, look: Look): uPlot.Options => {
  const { dark, lines, metric, tz, speech } = look;
  const grid = { stroke: dark ? '#223038' : '#e8eff1', width: 1 };
  const axis = {
    stroke: dark ? '#93a6ae' : '#546a72',
    grid,
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const stamp = new Intl.DateTimeFormat(speech.language, {
    timeZone: tz,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const day = new Intl.DateTimeFormat(speech.language, { timeZone: tz, month: 'short', day: 'numeric' });
  const short = new Intl.NumberFormat(speech.language, { notation: 'compact', maximumFractionDigits: 1 });
  const toSeries = (line: Line, index: number): uPlot.Series[] => {
    const stroke = dark ? line.dark : line.light;
    const solid: uPlot.Series = { stroke, width: 2, points: { size: 5, fill: stroke } };
    // only the first line is filled: two fills over each other hide which is which
    const fill = index === 0 ? { fill: `${stroke}${dark ? '26' : '1c'}` } : {};
    return [
      { ...solid, ...fill },
      { ...solid, ...fill, dash: [5, 5], points: { show: false } },
    ];
  };
  return {
    width: box.clientWidth,
    height: box.clientHeight,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), tz),
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 8 } },
    scales: {
      x: { time: true },
      y: { range: (_, __, max) => [0, max > 0 ? max * 1.08 : metric === 'ctr' ? 0.01 : 5] },
    },
    axes: [
      {
        ...axis,
        space: 70,
        values: (_, splits, __, ___, stepSeconds) => {
          let before = '';
          return splits.map((seconds) => {
            const date = day.format(seconds * 1000);
            const below = isAmbiguous(seconds * 1000, tz) ? offsetName(seconds * 1000, tz) : date;
            const text =
              stepSeconds >= 86_400
                ? date
                : stamp.format(seconds * 1000) + (below === before ? '' : `\n${below}`);
            before = below;
            return text;
          });
        },
      },
      {
        ...axis,
        size: 54,
        incrs:
          metric === 'ctr'
            ? [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
            : [1, 2, 5]
                .flatMap((n) => [0, 1, 2, 3, 4, 5, 6, 7, 8].map((e) => n * 10 ** e))
                .sort((a, b) => a - b),
        values: (_, splits) =>
          splits.map((value) => (metric === 'ctr' ? speech.percent(value) : short.format(value))),
      },
    ],
    series: [{}, ...lines.flatMap(toSeries)],
    hooks: {
      setCursor: [(plot) => look.onRow(plot.cursor.idx ?? null)],
      drawClear: [(plot) => shadeOpenTail(plot, look.firstOpen(), dark)],
    },
  };
};

/** The rows that may still move lie on a tinted ground. */
const shadeOpenTail = (plot: uPlot, firstOpen: number, dark: boolean): void => {
  const times = plot.data[0];
  const start = times[firstOpen];
  if (start === undefined || times.length < 2) return;
  const { left, top, width, height } = plot.bbox;
  const from = Math.max(left, plot.valToPos(times[firstOpen - 1] ?? start, 'x', true));
  plot.ctx.save();
  plot.ctx.fillStyle = dark ? 'rgb(68 169 189 / 9%)' : 'rgb(0 117 140 / 6%)';
  plot.ctx.fillRect(from, top, left + width - from, height);
  plot.ctx.restore();
};

export const CampaignChart = ({ stats, metric, stale }: { stats: Stats; metric: Metric; stale: boolean }) => {
  const speech = useSpeech();
  const { t, number, percent, time } = speech;
  const dark = useComputedColorScheme('light') === 'dark';
  const boxRef = useRef<HTMLDivElement>(null);
  const plotRef = useRef<uPlot | null>(null);
  const [row, setRow] = useState<number | null>(null);
  const lines = LINES[metric];
  const data = useMemo(() => toChartData(stats, lines, Date.now()), [stats, lines]);
  const dataRef = useRef(data);
  dataRef.current = data;
  const aligned = (): uPlot.AlignedData => [dataRef.current.times, ...dataRef.current.columns.flat()];

  // biome-ignore lint/correctness/useExhaustiveDependencies: new data is set below, without building the chart anew
  useEffect(() => {
    const box = boxRef.current;
    if (!box) return;
    const look = {
      dark,
      lines,
      metric,
      tz: stats.tz,
      firstOpen: () => dataRef.current.firstOpen,
      onRow: setRow,
      speech,
    };
    const plot = new uPlot(toOptions(box, look), aligned(), box);
    plotRef.current = plot;
    const sizes = new ResizeObserver(() =>
      plot.setSize({ width: box.clientWidth, height: box.clientHeight }),
    );
    sizes.observe(box);
    return () => {
      sizes.disconnect();
      plot.destroy();
    };
  }, [dark, lines, metric, stats.tz, speech]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `aligned` reads what `data` says
  useEffect(() => plotRef.current?.setData(aligned()), [data]);

  const show = (line: Line, figures: Stats['totals']) => {
    const value = line.value(figures);
    return metric === 'ctr' ? percent(value) : number(value ?? 0);
  };
  const shown = row === null ? undefined : stats.series[row];
  return (
    <figure>
      <div className="readout">
        <span>
          {shown ? time(shown.start, stats.tz, stats.interval === 'day' ? 'day' : 'minute') : t('inRange')}
        </span>
        {lines.map((line) => (
          <span key={line.word} style={{ '--swatch': dark ? line.dark : line.light } as React.CSSProperties}>
            <span className="swatch" />
            {t(line.word)} <b>{show(line, shown ?? stats.totals)}</b>
          </span>
        ))}
        {shown && !shown.complete && <span>{t('counting')}</span>}
      </div>
      <div
        ref={boxRef}
        className="chart"
        data-stale={stale}
        role="img"
        aria-label={t('chartOf', { metric: lines.map((line) => t(line.word)).join(', ') })}
      />
    </figure>
  );
};

/** Choosing a range and a zone: the same on every page that has one. */
import { SegmentedControl, Select, TextInput } from '@mantine/core';
import { type ReactNode, useId, useMemo } from 'react';
import { useSpeech } from './language.tsx';
import './range-controls.css';
import { type Preset, rememberZone, type Span } from './range.ts';
import { allZones, toInstant, toWall } from './zones.ts';

export const Control = ({ label, children }: { label: string; children: (id: string) => ReactNode }) => {
  const id = useId();
  return (
    <div className="control">
      <span className="control-label" id={id}>
        {label}
      </span>
      {children(id)}
    </div>
  );
};

interface WallsProps {
  walls: Pick<Span, 'from' | 'to' | 'tz'>;
  onChange: (change: Pick<Span, 'from' | 'to'>) => void;
}

export const isBackwards = ({ from, to, tz }: WallsProps['walls']): boolean =>
  toInstant(from ?? '', tz) >= toInstant(to ?? '', tz);

/** From and to as wall times; either may be empty while it is typed. */
export const WallInputs = ({ walls, onChange }: WallsProps) => {
  const { t } = useSpeech();
  const bad = isBackwards(walls);
  return (
    <>
      <TextInput
        className="control"
        type="datetime-local"
        label={t('from')}
        value={walls.from ?? ''}
        error={bad && t('badRange')}
        onChange={(event) => onChange({ from: event.currentTarget.value })}
      />
      <TextInput
        className="control"
        type="datetime-local"
        label={t('to')}
        value={walls.to ?? ''}
        error={bad}
        onChange={(event) => onChange({ to: event.currentTarget.value })}
      />
    </>
  );
};

interface RangeProps {
  span: Span;
  presets: readonly Preset[];
  /** what is seen now: a custom range begins as that */
  fromMs: number;
  toMs: number;
  onChange: (change: Partial<Span>) => void;
}

export const RangeControl = ({ span, presets, fromMs, toMs, onChange }: RangeProps) => {
  const { t } = useSpeech();
  const { tz } = span;
  const choose = (range: Preset) =>
    onChange(range === 'custom' ? { range, from: toWall(fromMs, tz), to: toWall(toMs, tz) } : { range });
  return (
    <>
      <Control label={t('range')}>
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={span.range}
            onChange={choose}
            data={presets.map((value) => ({ value, label: t(`range.${value}`) }))}
          />
        )}
      </Control>
      {span.range === 'custom' && <WallInputs walls={span} onChange={onChange} />}
    </>
  );
};

export const ZoneControl = ({ tz, onChange }: { tz: string; onChange: (change: { tz: string }) => void }) => {
  const { t } = useSpeech();
  const zones = useMemo(allZones, []);
  return (
    <Control label={t('zone')}>
      {(id) => (
        <Select
          aria-labelledby={id}
          searchable
          allowDeselect={false}
          limit={80}
          data={zones}
          value={tz}
          onChange={(zone) => {
            if (!zone) return;
            rememberZone(zone);
            onChange({ tz: zone });
          }}
        />
      )}
    </Control>
  );
};

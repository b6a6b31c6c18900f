import { SegmentedControl, Select, TextInput } from '@mantine/core';
import { type ReactNode, useId, useMemo } from 'react';
import type { Interval } from './api.ts';
import { useSpeech } from './language.tsx';
import { fits, INTERVALS, type Looking, PRESETS, rememberZone, TRAFFICS } from './range.ts';
import { allZones, toInstant, toWall } from './zones.ts';

const Control = ({ label, children }: { label: string; children: (id: string) => ReactNode }) => {
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

interface Props {
  looking: Looking;
  /** the interval in use, chosen or by default, and the length it covers */
  interval: Interval;
  fromMs: number;
  toMs: number;
  onChange: (change: Partial<Looking>) => void;
}

export const LookControls = ({ looking, interval, fromMs, toMs, onChange }: Props) => {
  const { t } = useSpeech();
  const zones = useMemo(allZones, []);
  const { tz } = looking;
  // a custom range begins as what was seen before
  const choose = (range: Looking['range']) =>
    onChange(range === 'custom' ? { range, from: toWall(fromMs, tz), to: toWall(toMs, tz) } : { range });
  const bad =
    looking.range === 'custom' && !(toInstant(looking.from ?? '', tz) < toInstant(looking.to ?? '', tz));
  return (
    <div className="controls">
      <Control label={t('range')}>
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={looking.range}
            onChange={choose}
            data={PRESETS.map((value) => ({ value, label: t(`range.${value}`) }))}
          />
        )}
      </Control>
      {looking.range === 'custom' && (
        <>
          <TextInput
            className="control"
            type="datetime-local"
            label={t('from')}
            value={looking.from ?? ''}
            error={bad && t('badRange')}
            onChange={(event) => onChange({ from: event.currentTarget.value })}
          />
          <TextInput
            className="control"
            type="datetime-local"
            label={t('to')}
            value={looking.to ?? ''}
            error={bad}
            onChange={(event) => onChange({ to: event.currentTarget.value })}
          />
        </>
      )}
      <Control label={t('interval')}>
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={interval}
            onChange={(value) => onChange({ interval: value })}
            data={INTERVALS.map((value) => ({
              value,
              label: t(value),
              disabled: !fits(value, toMs - fromMs),
            }))}
          />
        )}
      </Control>
      <Control label={t('traffic')}>
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={looking.traffic}
            onChange={(traffic) => onChange({ traffic })}
            data={TRAFFICS.map((value) => ({ value, label: t(value) }))}
          />
        )}
      </Control>
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
    </div>
  );
};

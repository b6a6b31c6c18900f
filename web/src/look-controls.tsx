import { SegmentedControl } from '@mantine/core';
import type { Interval } from './api.ts';
import { useSpeech } from './language.tsx';
import { fits, INTERVALS, type Looking, PRESETS, TRAFFICS } from './range.ts';
import { Control, RangeControl, ZoneControl } from './range-controls.tsx';

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
  return (
    <div className="controls">
      <RangeControl span={looking} presets={PRESETS} fromMs={fromMs} toMs={toMs} onChange={onChange} />
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
      <ZoneControl tz={looking.tz} onChange={onChange} />
    </div>
  );
};

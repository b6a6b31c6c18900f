import { SegmentedControl, TextInput } from '@mantine/core';
import { useEffect, useState } from 'react';
import { EVENT_TYPES, type EventSearch, isEventId } from './event-search.ts';
import { useSpeech } from './language.tsx';
import { TRAFFICS } from './range.ts';
import { Control, WallInputs, ZoneControl } from './range-controls.tsx';

export type EventChange = { [Key in keyof EventSearch]?: EventSearch[Key] | undefined };

interface Props {
  search: EventSearch;
  onChange: (change: EventChange) => void;
}

/** Typed freely; the page looks for it once it is a whole id. */
const EventIdInput = ({ id, onChange }: { id: string; onChange: (id: string | undefined) => void }) => {
  const { t } = useSpeech();
  const [text, setText] = useState(id);
  const [left, setLeft] = useState(false);
  useEffect(() => {
    if (id) setText(id);
  }, [id]);
  const bad = text !== '' && !isEventId(text);
  return (
    <TextInput
      className="control event-id"
      label={t('eventId')}
      placeholder={t('eventIdHint')}
      value={text}
      spellCheck={false}
      error={left && bad && t('badEventId')}
      onBlur={() => setLeft(true)}
      onChange={(event) => {
        const next = event.currentTarget.value.trim();
        setText(next);
        setLeft(false);
        if (isEventId(next)) onChange(next);
        else if (id) onChange(undefined);
      }}
    />
  );
};

export const EventFilters = ({ search, onChange }: Props) => {
  const { t } = useSpeech();
  return (
    <fieldset className="controls plain" aria-label={t('filters')}>
      <WallInputs walls={search} onChange={onChange} />
      <Control label={t('type')}>
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={search.type ?? 'any'}
            onChange={(value) => onChange({ type: value === 'any' ? undefined : value })}
            data={[
              { value: 'any', label: t('anyType') },
              ...EVENT_TYPES.map((value) => ({ value, label: t(`type.${value}`) })),
            ]}
          />
        )}
      </Control>
      <Control label={t('traffic')}>
        {(id) => (
          <SegmentedControl
            aria-labelledby={id}
            value={search.traffic}
            onChange={(traffic) => onChange({ traffic })}
            data={TRAFFICS.map((value) => ({ value, label: t(value) }))}
          />
        )}
      </Control>
      <EventIdInput id={search.event_id ?? ''} onChange={(event_id) => onChange({ event_id })} />
      <ZoneControl tz={search.tz} onChange={onChange} />
    </fieldset>
  );
};

import { Button, Checkbox, NativeSelect, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { sayText } from '../notice.tsx';
import { Problem } from '../problem.tsx';
import { rememberedZone } from '../range.ts';
import {
  type NewPreferences,
  type NotificationType,
  type Preferences,
  preferencesQuery,
  savePreferences,
} from './inbox-api.ts';
import { useInboxSpeech } from './inbox-speech.ts';

const TYPES: readonly NotificationType[] = ['post', 'comment', 'reply', 'mention'];
const CHANNELS = ['inbox', 'push', 'email'] as const;
const DIGESTS = ['off', 'daily', 'weekly'] as const;

interface PartProps {
  draft: NewPreferences;
  onChange: (change: Partial<NewPreferences>) => void;
}

const Channels = ({ draft, onChange }: PartProps) => {
  const { t } = useInboxSpeech();
  const { types } = draft;
  const set = (type: NotificationType, channel: (typeof CHANNELS)[number], on: boolean) =>
    onChange({ types: { ...types, [type]: { ...types[type], [channel]: on } } });
  return (
    <table className="data channels">
      <thead>
        <tr>
          <th scope="col">{t('toldOf')}</th>
          {CHANNELS.map((channel) => (
            <th key={channel} scope="col">
              {t(`channel.${channel}`)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {TYPES.map((type) => (
          <tr key={type}>
            <th scope="row">{t(`told.${type}`)}</th>
            {CHANNELS.map((channel) => (
              <td key={channel}>
                <Checkbox
                  aria-label={`${t(`told.${type}`)}: ${t(`channel.${channel}`)}`}
                  checked={types[type][channel]}
                  onChange={(event) => set(type, channel, event.currentTarget.checked)}
                />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
};

const QuietHours = ({ draft, onChange }: PartProps) => {
  const { t } = useInboxSpeech();
  const { quiet_hours: quiet } = draft;
  const time = (end: 'from' | 'to') => (
    <TextInput
      type="time"
      label={t(end)}
      required
      value={quiet?.[end] ?? ''}
      onChange={(event) => quiet && onChange({ quiet_hours: { ...quiet, [end]: event.currentTarget.value } })}
    />
  );
  return (
    <>
      <Checkbox
        label={t('quietHours')}
        description={t('quietHoursHint', { zone: draft.time_zone })}
        checked={quiet !== null}
        onChange={(event) =>
          onChange({
            quiet_hours: event.currentTarget.checked ? { from: '22:00', to: '07:00' } : null,
            time_zone: rememberedZone(),
          })
        }
      />
      {quiet && (
        <div className="pair">
          {time('from')}
          {time('to')}
        </div>
      )}
    </>
  );
};

const Advertising = ({ draft, onChange }: PartProps) => {
  const { t } = useInboxSpeech();
  return (
    <>
      <Checkbox
        label={t('advertising')}
        description={t('advertisingHint')}
        checked={draft.advertising}
        onChange={(event) => {
          const advertising = event.currentTarget.checked;
          onChange({ advertising, ...(!advertising && { advertising_at_night: false }) });
        }}
      />
      <Checkbox
        label={t('advertisingAtNight')}
        description={t('advertisingAtNightHint')}
        checked={draft.advertising_at_night}
        disabled={!draft.advertising}
        onChange={(event) => onChange({ advertising_at_night: event.currentTarget.checked })}
      />
    </>
  );
};

const toDraft = ({ muted_posts: _, ...draft }: Preferences): NewPreferences => draft;

export const PreferencesForm = ({ preferences }: { preferences: Preferences }) => {
  const { t } = useInboxSpeech();
  const queries = useQueryClient();
  const [draft, setDraft] = useState(() => toDraft(preferences));
  const onChange = (change: Partial<NewPreferences>) => setDraft((before) => ({ ...before, ...change }));
  const save = useMutation({
    mutationFn: savePreferences,
    onSuccess: async (saved) => {
      queries.setQueryData(preferencesQuery.queryKey, saved);
      setDraft(toDraft(saved));
      await queries.invalidateQueries({ queryKey: ['inbox'] }); // its lines are in the chosen language
      sayText(t('preferencesSaved'));
    },
  });
  return (
    <form
      className="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(draft);
      }}
    >
      <Channels draft={draft} onChange={onChange} />
      <Checkbox
        label={t('ownActs')}
        description={t('ownActsHint')}
        checked={draft.own_acts}
        onChange={(event) => onChange({ own_acts: event.currentTarget.checked })}
      />
      <QuietHours draft={draft} onChange={onChange} />
      <div className="pair">
        <NativeSelect
          label={t('digest')}
          description={t('digestHint')}
          value={draft.digest}
          onChange={(event) => onChange({ digest: event.currentTarget.value as NewPreferences['digest'] })}
          data={DIGESTS.map((value) => ({ value, label: t(`digest.${value}`) }))}
        />
        <NativeSelect
          label={t('toldLanguage')}
          description={t('toldLanguageHint')}
          value={draft.language}
          onChange={(event) =>
            onChange({ language: event.currentTarget.value as NewPreferences['language'] })
          }
          data={[
            { value: 'ko', label: '한국어' },
            { value: 'en', label: 'English' },
          ]}
        />
      </div>
      <Advertising draft={draft} onChange={onChange} />
      {save.isError && <Problem error={save.error} />}
      <div className="acts">
        <Button type="submit" loading={save.isPending}>
          {t('save')}
        </Button>
      </div>
    </form>
  );
};

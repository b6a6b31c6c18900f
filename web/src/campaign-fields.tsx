import { Checkbox, Textarea, TextInput } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { useSpeech } from './language.tsx';
import { Problem } from './problem.tsx';
import { ApiError } from './request.ts';
import type { Word } from './words.ts';
import { toInstant } from './zones.ts';

/** A campaign as the form holds it: dates are wall times. */
export interface Draft {
  title: string;
  content: string;
  start_date: string;
  end_date: string;
  landing_url: string;
  is_visible: boolean;
}
const FIELDS: readonly string[] = [
  'title',
  'content',
  'start_date',
  'end_date',
  'landing_url',
  'is_visible',
] satisfies (keyof Draft)[];

interface Props {
  initial: Draft;
  tz: string;
  error: Error | null;
  onSubmit: (draft: Draft) => void;
  /** the buttons */
  children: ReactNode;
}

const toDraft = (form: FormData): Draft => {
  const text = (name: string) => String(form.get(name)).trim();
  return {
    title: text('title'),
    content: text('content'),
    start_date: text('start_date'),
    end_date: text('end_date'),
    landing_url: text('landing_url'),
    is_visible: form.has('is_visible'),
  };
};

// what the server says of these fields, in the reader's language; anything else in its own words
const REFUSALS: [RegExp, Word][] = [
  [/^must not be empty$|^must NOT have fewer than 1 /, 'refused.empty'],
  [/^must NOT have more than (\d+) /, 'refused.long'],
  [/^must be an https URL$/, 'refused.https'],
  [/^must be later than start_date$/, 'endBeforeStart'],
];

/** What the server refused stands at its field, and the first such field gets the focus. */
export const CampaignFields = ({ initial, tz, error, onSubmit, children }: Props) => {
  const { t } = useSpeech();
  const formRef = useRef<HTMLFormElement>(null);
  const [dates, setDates] = useState({ start: initial.start_date, end: initial.end_date });
  const problems = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  // the server names fields as `/title`, `body.title` or `title`
  const errorOf = (field: keyof Draft) => {
    const message = problems.find(({ path }) => path.split(/[./]/).includes(field))?.message ?? '';
    for (const [known, word] of REFUSALS) {
      const found = known.exec(message);
      if (found) return t(word, { count: found[1] ?? '' });
    }
    return message;
  };
  const ordered = toInstant(dates.start, tz) < toInstant(dates.end, tz);
  useEffect(() => {
    if (error) formRef.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
  }, [error]);
  return (
    <form
      ref={formRef}
      className="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        if (ordered) onSubmit(toDraft(new FormData(event.currentTarget)));
      }}
    >
      <TextInput
        name="title"
        label={t('title')}
        defaultValue={initial.title}
        required
        error={errorOf('title')}
        autoFocus
      />
      <Textarea
        name="content"
        label={t('content')}
        defaultValue={initial.content}
        required
        rows={3}
        error={errorOf('content')}
      />
      <div className="pair">
        <TextInput
          type="datetime-local"
          name="start_date"
          label={t('start')}
          description={t('zoneOfDates', { zone: tz })}
          value={dates.start}
          onChange={(event) => setDates({ ...dates, start: event.currentTarget.value })}
          required
          error={errorOf('start_date')}
        />
        <TextInput
          type="datetime-local"
          name="end_date"
          label={t('end')}
          description={t('zoneOfDates', { zone: tz })}
          value={dates.end}
          onChange={(event) => setDates({ ...dates, end: event.currentTarget.value })}
          required
          error={ordered ? errorOf('end_date') : t('endBeforeStart')}
        />
      </div>
      <TextInput
        type="url"
        name="landing_url"
        label={t('landing')}
        description={t('landingHint')}
        placeholder="https://"
        pattern="https://.+"
        defaultValue={initial.landing_url}
        error={errorOf('landing_url')}
      />
      <Checkbox
        name="is_visible"
        label={t('visible')}
        description={t('visibleHint')}
        defaultChecked={initial.is_visible}
        error={errorOf('is_visible')}
      />
      {error && <Problem error={error} atFields={FIELDS} />}
      <div className="acts">{children}</div>
    </form>
  );
};

import { Button, TextInput } from '@mantine/core';
import { usePostSpeech } from './post-speech.ts';

interface Props {
  label: string;
  value: string;
  onSearch: (text: string) => void;
}

/** Searches when it is sent, not while it is typed: each question is kept to learn from. */
export const SearchBox = ({ label, value, onSearch }: Props) => {
  const { t } = usePostSpeech();
  return (
    <search>
      <form
        className="search-box"
        onSubmit={(event) => {
          event.preventDefault();
          onSearch(String(new FormData(event.currentTarget).get('q')).trim());
        }}
      >
        <TextInput
          key={value}
          type="search"
          name="q"
          aria-label={label}
          placeholder={label}
          defaultValue={value}
          maxLength={200}
        />
        <Button type="submit" variant="default">
          {t('find')}
        </Button>
      </form>
    </search>
  );
};

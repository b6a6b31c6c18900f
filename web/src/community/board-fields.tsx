import { Textarea, TextInput } from '@mantine/core';
import { usePostSpeech } from './post-speech.ts';

interface Props {
  title: string;
  description: string;
}

export const BoardFields = ({ title, description }: Props) => {
  const { t } = usePostSpeech();
  return (
    <>
      <TextInput name="title" label={t('title')} defaultValue={title} required maxLength={100} autoFocus />
      <Textarea
        name="description"
        label={t('boardAbout')}
        defaultValue={description}
        maxLength={1000}
        rows={3}
      />
    </>
  );
};

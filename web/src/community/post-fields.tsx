import { TextInput } from '@mantine/core';
import { useBlocker } from '@tanstack/react-router';
import { type ReactNode, type RefObject, useState } from 'react';
import { Problem } from '../problem.tsx';
import { ApiError } from '../request.ts';
import { MarkdownField } from './markdown-field.tsx';
import { usePostSpeech } from './post-speech.ts';

export interface PostText {
  title: string;
  content: string;
}

interface Props {
  initial: PostText;
  /** set to true by whoever has kept the text: leaving loses nothing then */
  keptRef: RefObject<boolean>;
  error: Error | null;
  onSubmit: (text: PostText, act: string) => void;
  /** the buttons; their `value` is the act */
  children: ReactNode;
}

/** What is written stays, whatever the server says; leaving with it unsaved asks first. */
export const PostFields = ({ initial, keptRef, error, onSubmit, children }: Props) => {
  const { t } = usePostSpeech();
  const [title, setTitle] = useState(initial.title);
  const [content, setContent] = useState(initial.content);
  const isUnsaved = () => !keptRef.current && (title !== initial.title || content !== initial.content);
  useBlocker({
    shouldBlockFn: () => isUnsaved() && !window.confirm(t('leaveAsk')),
    enableBeforeUnload: isUnsaved,
  });
  const problems = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  const errorOf = (field: keyof PostText) =>
    problems.find(({ path }) => path.split(/[./]/).includes(field))?.message ?? '';
  return (
    <form
      className="panel form"
      onSubmit={(event) => {
        event.preventDefault();
        const { submitter } = event.nativeEvent as SubmitEvent;
        onSubmit({ title: title.trim(), content }, (submitter as HTMLButtonElement | null)?.value ?? '');
      }}
    >
      <TextInput
        name="title"
        label={t('title')}
        value={title}
        required
        maxLength={200}
        error={errorOf('title')}
        autoFocus={!initial.title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <MarkdownField value={content} onChange={setContent} error={errorOf('content')} />
      {error && <Problem error={error} atFields={['title', 'content']} />}
      <div className="acts">{children}</div>
    </form>
  );
};

import { Button, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { Problem } from '../problem.tsx';
import { usePostSpeech } from './post-speech.ts';

interface Props {
  label: string;
  final: string;
  initial?: string;
  autoFocus?: boolean;
  onSubmit: (content: string) => Promise<unknown>;
  onCancel?: () => void;
  /** what must be known before it is sent again */
  children?: ReactNode;
}

/** Keeps what was written until it is kept by the server. */
export const CommentForm = ({
  label,
  final,
  initial = '',
  autoFocus,
  onSubmit,
  onCancel,
  children,
}: Props) => {
  const { t } = usePostSpeech();
  const [text, setText] = useState(initial);
  const send = useMutation({ mutationFn: onSubmit, onSuccess: () => setText(initial) });
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        if (text.trim()) send.mutate(text);
      }}
    >
      <Textarea
        label={label}
        value={text}
        maxLength={10_000}
        rows={3}
        autoFocus={autoFocus ?? false}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {send.isError && <Problem error={send.error} />}
      {children}
      <div className="acts">
        <Button type="submit" size="xs" fz="sm" loading={send.isPending} disabled={!text.trim()}>
          {final}
        </Button>
        {onCancel && (
          <Button variant="default" size="xs" fz="sm" onClick={onCancel}>
            {t('cancel')}
          </Button>
        )}
      </div>
    </form>
  );
};

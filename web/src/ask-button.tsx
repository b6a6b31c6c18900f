import { Button, type ButtonProps } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useId, useRef } from 'react';
import { useSpeech } from './language.tsx';
import { Problem } from './problem.tsx';

interface Props extends Pick<ButtonProps, 'variant' | 'color' | 'size'> {
  /** on the button */
  label: string;
  question: string;
  hint?: string;
  /** on the button that does it */
  final: string;
  run: (form: FormData) => Promise<unknown>;
  /** fields that belong to the question */
  children?: ReactNode;
}

/** Does something after one question, which the browser's own dialog asks: it holds the focus and gives it back. */
export const AskButton = ({ label, question, hint, final, run, children, ...look }: Props) => {
  const { t } = useSpeech();
  const dialogRef = useRef<HTMLDialogElement>(null);
  const heading = useId();
  const act = useMutation({ mutationFn: run, onSuccess: () => dialogRef.current?.close() });
  const { color = 'gray' } = look;
  return (
    <>
      <Button
        variant="subtle"
        size="compact-sm"
        {...look}
        onClick={() => {
          act.reset();
          dialogRef.current?.showModal();
        }}
      >
        {label}
      </Button>
      <dialog ref={dialogRef} className="panel" aria-labelledby={heading}>
        <h2 id={heading}>{question}</h2>
        {hint && <p className="small soft">{hint}</p>}
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            act.mutate(new FormData(event.currentTarget));
          }}
        >
          {children}
          {act.isError && <Problem error={act.error} />}
          <div className="acts">
            <Button variant="default" onClick={() => dialogRef.current?.close()}>
              {t('cancel')}
            </Button>
            <Button type="submit" {...(color !== 'gray' && { color })} loading={act.isPending}>
              {final}
            </Button>
          </div>
        </form>
      </dialog>
    </>
  );
};

import { Alert, Button } from '@mantine/core';
import { useSpeech } from './language.tsx';
import { ApiError } from './request.ts';

interface Props {
  error: Error;
  onRetry?: () => void;
  /** fields that say themselves what is wrong with them */
  atFields?: readonly string[];
}

/** What went wrong, in the server's own words: `detail` and the fields it names. */
export const Problem = ({ error, onRetry, atFields = [] }: Props) => {
  const { t } = useSpeech();
  const problem = error instanceof ApiError ? error.problem : undefined;
  const others = problem?.errors?.filter(({ path }) => !atFields.includes(path));
  const said = problem?.errors?.length && others?.length === 0 ? t('refused') : problem?.detail;
  return (
    <Alert color="red" variant="light" role="alert" className="problem">
      <b>{said ?? t('unreachable')}</b>
      {others?.map(({ path, message }) => (
        <div key={path + message}>
          <code>{path}</code> {message}
        </div>
      ))}
      {problem?.request_id && <div className="small soft">{problem.request_id}</div>}
      {onRetry && (
        <Button variant="subtle" color="red" size="compact-sm" onClick={onRetry}>
          {t('retry')}
        </Button>
      )}
    </Alert>
  );
};

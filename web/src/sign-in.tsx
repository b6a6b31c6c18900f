import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useSpeech } from './language.tsx';
import { Mark } from './mark.tsx';
import { Problem } from './problem.tsx';
import { signIn } from './request.ts';

export const SignIn = () => {
  const { t } = useSpeech();
  const queries = useQueryClient();
  const enter = useMutation({
    mutationFn: (form: FormData) => signIn(String(form.get('username')), String(form.get('password'))),
    onSuccess: () => queries.invalidateQueries(),
  });
  return (
    <div className="gate">
      <div className="gate-title">
        <Mark />
        <h1>Weir</h1>
        <p className="soft">{t('tagline')}</p>
      </div>
      <form
        className="panel form"
        aria-label={t('signIn')}
        onSubmit={(event) => {
          event.preventDefault();
          enter.mutate(new FormData(event.currentTarget));
        }}
      >
        <TextInput
          name="username"
          label={t('username')}
          autoComplete="username"
          autoCapitalize="none"
          required
          autoFocus
        />
        <PasswordInput name="password" label={t('password')} autoComplete="current-password" required />
        {enter.isError && <Problem error={enter.error} />}
        <Button type="submit" loading={enter.isPending} fullWidth>
          {t('signIn')}
        </Button>
      </form>
    </div>
  );
};

/** What the viewer is told of, where, when, and in which language. */
import { Skeleton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Problem } from '../problem.tsx';
import '../table.css';
import { Devices } from './devices.tsx';
import './inbox.css';
import { preferencesQuery } from './inbox-api.ts';
import { useInboxSpeech } from './inbox-speech.ts';
import { MutedPosts } from './muted-posts.tsx';
import { PreferencesForm } from './preferences-form.tsx';

export const PreferencesPage = () => {
  const { t } = useInboxSpeech();
  const { data, error, isPending, refetch } = useQuery({
    ...preferencesQuery,
    refetchOnWindowFocus: false,
  });
  return (
    <div className="page-narrow">
      <title>{`${t('preferences')} · Weir`}</title>
      <div>
        <Link to="/notifications" className="back">
          ← {t('notifications')}
        </Link>
        <h1>{t('preferences')}</h1>
      </div>
      {isPending && <Skeleton height={480} radius="lg" />}
      {error && <Problem error={error} onRetry={() => void refetch()} />}
      {data && <PreferencesForm preferences={data} />}
      {data && <MutedPosts ids={data.muted_posts} />}
      <Devices />
    </div>
  );
};

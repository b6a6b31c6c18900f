import { rememberedZone } from '../range.ts';
import { usePostSpeech } from './post-speech.ts';

interface Props {
  author: { display_name: string; username: string } | null;
  at: string;
  children?: React.ReactNode;
}

/** Who and when, in one soft line; more may follow. */
export const AuthorLine = ({ author, at, children }: Props) => {
  const { t, time } = usePostSpeech();
  const tz = rememberedZone();
  return (
    <span className="author-line soft small">
      <b className="name">{author ? author.display_name || author.username : t('somebody')}</b>
      <time dateTime={at} title={time(at, tz, 'second')}>
        {time(at, tz)}
      </time>
      {children}
    </span>
  );
};

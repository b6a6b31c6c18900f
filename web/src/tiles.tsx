import type { Figures } from './api.ts';
import { useSpeech } from './language.tsx';
import type { Word } from './words.ts';

/** The totals of the chosen range. */
export const Tiles = ({ figures }: { figures: Figures }) => {
  const { t, number, percent } = useSpeech();
  const tile = (word: Word, name: keyof Figures, value: string, hint?: Word) => {
    const error = figures.estimates?.[name]?.error;
    return (
      <div className="tile" data-figure={name}>
        <dt>{t(word)}</dt>
        <dd>
          {error !== undefined && '≈ '}
          {value}
          {error !== undefined && <small>{t('estimate', { percent: percent(error) })}</small>}
          {error === undefined && hint && <small>{t(hint)}</small>}
        </dd>
      </div>
    );
  };
  return (
    <dl className="panel tiles">
      {tile('views', 'views', number(figures.views))}
      {tile('trueViews', 'true_views', number(figures.true_views), 'trueViewsHint')}
      {tile('clicks', 'clicks', number(figures.clicks))}
      {tile('ctr', 'ctr', percent(figures.ctr), 'ctrHint')}
      {tile('uniqueViewers', 'unique_viewers', number(figures.unique_viewers), 'uniquesHint')}
      {tile('uniqueClickers', 'unique_clickers', number(figures.unique_clickers))}
    </dl>
  );
};

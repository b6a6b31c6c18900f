import type { RawEvent } from './api.ts';
import { useSpeech } from './language.tsx';
import { isWord, type Word } from './words.ts';

const RULES = ['prefetch', 'bot', 'rate', 'repeat'] as const;
const FLAGS = ['too_old', 'in_future'] as const;

/** A rule or flag that is newer than these pages keeps its own name. */
const useNames = () => {
  const { t } = useSpeech();
  return (kind: 'rule' | 'flag', name: string): string => {
    const word = `${kind}.${name}`;
    return isWord(word) ? t(word) : name;
  };
};

const Verdict = ({ event }: { event: RawEvent }) => {
  const { t } = useSpeech();
  const nameOf = useNames();
  const { verdict, rule, rule_version: version } = event;
  return (
    <span className="verdict" data-verdict={verdict}>
      {t(`verdict.${verdict}`)}
      {rule && (
        <span className="soft">
          {' '}
          · {nameOf('rule', rule)}
          {version !== null && ` v${version}`}
        </span>
      )}
    </span>
  );
};

export const EventTable = ({ events, tz }: { events: RawEvent[]; tz: string }) => {
  const { t, time, duration } = useSpeech();
  const nameOf = useNames();
  const personal = events.some((event) => event.actor !== undefined); // the server decides who sees it
  return (
    <table className="data left">
      <thead>
        <tr>
          <th scope="col">{t('time')}</th>
          <th scope="col">{t('type')}</th>
          <th scope="col">{t('verdict')}</th>
          <th scope="col">{t('flags')}</th>
          <th scope="col">{t('received')}</th>
          {personal && <th scope="col">{t('address')}</th>}
          <th scope="col">{t('eventId')}</th>
          {personal && <th scope="col">{t('actor')}</th>}
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.event_id}>
            <th scope="row" title={event.occurred_at}>
              {time(event.occurred_at, tz, 'second')}
            </th>
            <td>{t(`type.${event.type}`)}</td>
            <td>
              <Verdict event={event} />
            </td>
            <td>{event.flags.map((flag) => nameOf('flag', flag)).join(', ') || '–'}</td>
            <td title={event.received_at}>
              {duration(Math.max(0, Date.parse(event.received_at) - Date.parse(event.occurred_at)))}
            </td>
            {personal && <td className="code">{event.address ?? event.network ?? '–'}</td>}
            <td className="code">{event.event_id}</td>
            {personal && <td className="code">{event.actor}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
};

export const RuleMeanings = () => {
  const { t } = useSpeech();
  const entry = (name: Word, hint: Word) => (
    <div key={name}>
      <dt>{t(name)}</dt>
      <dd className="soft">{t(hint)}</dd>
    </div>
  );
  return (
    <details className="panel">
      <summary>{t('rules')}</summary>
      <dl className="meanings">
        {RULES.map((rule) => entry(`rule.${rule}`, `ruleHint.${rule}`))}
        {FLAGS.map((flag) => entry(`flag.${flag}`, `flagHint.${flag}`))}
      </dl>
    </details>
  );
};

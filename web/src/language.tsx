/** The chosen language and what depends on it: words, numbers, times. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import { LANGUAGES, type Language, type Word } from './words.ts';
import { DAY_MS, isAmbiguous, offsetName } from './zones.ts';

const KEY = 'weir.language';
const firstLanguage = (): Language => {
  const kept = localStorage.getItem(KEY) ?? navigator.language;
  return kept.startsWith('ko') ? 'ko' : 'en';
};

const PRECISIONS = {
  day: { dateStyle: 'medium' },
  minute: { dateStyle: 'medium', timeStyle: 'short' },
  second: { dateStyle: 'medium', timeStyle: 'medium' },
} as const;

const fill = (text: string, values: Record<string, string>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');

const toSpeech = (language: Language, setLanguage: (language: Language) => void) => {
  const number = new Intl.NumberFormat(language);
  const percent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 2 });
  const wholePercent = new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 0 });
  const clocks = new Map<string, Intl.DateTimeFormat>();
  return {
    language,
    setLanguage,
    t: (word: Word, values: Record<string, string> = {}): string => fill(LANGUAGES[language][word], values),
    number: (value: number) => number.format(value),
    percent: (value: number | null) => (value === null ? '–' : percent.format(value)),
    wholePercent: (value: number) => wholePercent.format(value),
    /**
     * Date and time in a zone, a dash for none; `second` where the instant itself matters. A time that the zone's
     * clock shows twice names its offset.
     */
    time: (instant: string | null, tz: string, precision: keyof typeof PRECISIONS = 'minute') => {
      if (instant === null) return '–';
      const key = `${precision} ${tz}`;
      const format =
        clocks.get(key) ??
        new Intl.DateTimeFormat(language, { timeZone: tz, hourCycle: 'h23', ...PRECISIONS[precision] });
      clocks.set(key, format);
      const instantMs = Date.parse(instant);
      const text = format.format(instantMs);
      return precision !== 'day' && isAmbiguous(instantMs, tz)
        ? `${text} ${offsetName(instantMs, tz)}`
        : text;
    },
    /** `850 ms`, `12 s`, `3 min`, `2.5 h`, `90 days`. */
    duration: (ms: number) => {
      const [value, unit] =
        ms < 1000
          ? [Math.round(ms), 'millisecond']
          : ms < 60_000
            ? [Math.round(ms / 1000), 'second']
            : ms < 3_600_000
              ? [Math.round(ms / 60_000), 'minute']
              : ms < 2 * DAY_MS
                ? [Math.round(ms / 360_000) / 10, 'hour']
                : [Math.round(ms / DAY_MS), 'day'];
      return new Intl.NumberFormat(language, { style: 'unit', unit: unit as string }).format(value as number);
    },
  };
};
export type Speech = ReturnType<typeof toSpeech>;

const SpeechContext = createContext<Speech | undefined>(undefined);

export const SpeechProvider = ({ children }: { children: ReactNode }) => {
  const [language, setLanguage] = useState(firstLanguage);
  const speech = useMemo(() => toSpeech(language, setLanguage), [language]);
  useEffect(() => {
    document.documentElement.lang = language;
    localStorage.setItem(KEY, language);
  }, [language]);
  return <SpeechContext value={speech}>{children}</SpeechContext>;
};

export const useSpeech = (): Speech => {
  const speech = useContext(SpeechContext);
  if (!speech) throw new Error('useSpeech outside of SpeechProvider');
  return speech;
};

/** Makes a `useSpeech` that knows the words of one part of the console too: they come with its chunk. */
export const withWords =
  <Own extends string>(own: Record<Language, Record<Own, string>>) =>
  () => {
    const speech = useSpeech();
    return useMemo(() => {
      const words: Partial<Record<string, string>> = own[speech.language];
      const t = (word: Own | Word, values: Record<string, string> = {}): string => {
        const text = words[word];
        return text === undefined ? speech.t(word as Word, values) : fill(text, values);
      };
      return { ...speech, t };
    }, [speech]);
  };

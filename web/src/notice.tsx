/** One line that says what an act did, after the page has changed: shown for a while, and read out. */
import { useEffect, useSyncExternalStore } from 'react';
import { useSpeech } from './language.tsx';
import type { Word } from './words.ts';

const SHOWN_MS = 6000;

/** A word of the frame's own, or a text whose words came with a page. */
type Said = { word: Word; values: Record<string, string> } | { text: string };
let said: Said | undefined;
const listeners = new Set<() => void>();
const set = (next: Said | undefined) => {
  said = next;
  for (const listener of listeners) listener();
};

export const say = (word: Word, values: Record<string, string> = {}): void => set({ word, values });
export const sayText = (text: string): void => set({ text });

export const Notice = () => {
  const { t } = useSpeech();
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => said,
  );
  useEffect(() => {
    if (!shown) return;
    const timer = setTimeout(() => set(undefined), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [shown]);
  // always there: a live region that appears together with its text is not read out
  return (
    <div className="notice" role="status">
      {shown && <span>{'text' in shown ? shown.text : t(shown.word, shown.values)}</span>}
    </div>
  );
};

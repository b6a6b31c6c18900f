/** The languages of the console. A new word goes into each. */
import { en, type Word } from './words-en.ts';
import { ko } from './words-ko.ts';

export type { Word } from './words-en.ts';
export const LANGUAGES = { en, ko };
export type Language = keyof typeof LANGUAGES;
export const isWord = (text: string): text is Word => Object.hasOwn(en, text);

import { normalize, splitWords } from './words.ts';

/** What a person typed into a search box, taken apart. */
export interface Question {
  /** Everything that is wanted, those in quotes too. */
  readonly wanted: string;
  /** Each word for word, in this order: lower case, one space between words. */
  readonly phrases: readonly string[];
  readonly unwanted: readonly string[];
}

const PART = /(?<=^|\s)(-?)(?:["“”]([^"“”]*)(?:["“”]|$)|(\S+))/gu;

/** `"두 단어" 그리고 -이건` · A minus counts only before a word, a quote that nobody closed to the end. */
export function parseQuestion(text: string): Question {
  const wanted: string[] = [];
  const phrases: string[] = [];
  const unwanted: string[] = [];
  for (const [, minus, quoted, bare] of normalize(text).matchAll(PART)) {
    const part = quoted ?? bare ?? '';
    const words = splitWords(part).map((word) => word.text);
    if (words.length === 0) continue;
    if (minus) unwanted.push(words.join(' '));
    else {
      wanted.push(part);
      if (quoted !== undefined) phrases.push(words.join(' '));
    }
  }
  return { wanted: wanted.join(' '), phrases, unwanted };
}

/** A text as phrases are looked for in it. */
export function toPhraseText(text: string): string {
  return splitWords(normalize(text))
    .map((word) => word.text)
    .join(' ');
}

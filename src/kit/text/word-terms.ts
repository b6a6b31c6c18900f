import { stemEnglish } from './english-stem.ts';
import { isHangul, toInitials } from './hangul.ts';
import type { FindMorphemes, Morpheme } from './morphemes.ts';
import { normalize, splitRuns, splitWords, type TextWord, toBigrams } from './words.ts';

/** By which a word is found. Texts and questions are read the same way, so whatever the analyzer gets wrong it gets wrong twice. */
export interface WordTerms extends TextWord {
  /** Dictionary forms and stems; numbers and foreign words as they are. */
  readonly stems: readonly string[];
  /** Each two neighbouring syllables, where words are not parted by spaces: finds what the analyzer does not know. */
  readonly bigrams: readonly string[];
  /** Initial consonants of the word and of nouns in it. */
  readonly initials: readonly string[];
}

const LONGEST_TERM = 40;
const LONGEST_INITIALS = 10;

/** Grows with each change of what is made of a text: an index that was built by another one should be built anew. */
export const TERMS_VERSION = 1;

export function toWordTerms(text: string, findMorphemes: FindMorphemes): WordTerms[] {
  const words = splitWords(normalize(text));
  const morphemes = findMorphemes(words);
  return words.map((word, at) => toTerms(word, morphemes[at] ?? []));
}

function toTerms(word: TextWord, morphemes: readonly Morpheme[]): WordTerms {
  const stems = new Set(morphemes.map(({ text }) => text));
  const bigrams = new Set<string>();
  const initials = new Set<string>();
  for (const { script, text } of splitRuns(word.text)) {
    if (script === 'hangul' || script === 'han') for (const pair of toBigrams(text)) bigrams.add(pair);
    if (script === 'hangul') initials.add(toInitials(text).slice(0, LONGEST_INITIALS));
    if (script === 'latin') for (const stem of toStems(text)) stems.add(stem);
    // However long somebody laughed.
    if (script === 'jamo') stems.add(text.replaceAll(/(.)\1+/g, '$1$1').slice(0, LONGEST_TERM));
  }
  for (const { text, noun } of morphemes)
    if (noun && text.length > 1 && isHangul(text)) initials.add(toInitials(text));
  return { ...word, stems: [...stems], bigrams: [...bigrams], initials: [...initials] };
}

/** `iphone15` is found by itself, by `iphone` and by `15`. */
function toStems(latin: string): string[] {
  const parts = /^\p{L}{2,}\d+$/u.test(latin) ? [latin, ...latin.split(/(?<=\D)(?=\d)/)] : [latin];
  return parts.map((part) => (/^[a-z]+$/.test(part) ? stemEnglish(part) : part).slice(0, LONGEST_TERM));
}

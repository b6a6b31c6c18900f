/** A word of a text, with where it stands there. */
export interface TextWord {
  /** As compared: NFC, half width, lower case. */
  readonly text: string;
  /** In UTF-16 units of the text that was split. */
  readonly start: number;
  readonly end: number;
}

const WORD = /[\p{L}\p{N}\p{M}]+(?:[+#]+(?![\p{L}\p{N}]))?/gu;
const WIDE = /[\uFF01-\uFF5E]/g;
const WIDE_TO_NARROW = 0xfee0;

/**
 * NFC with half-width Latin and digits: how texts are kept and split. Not NFKC, which would turn the consonants that people
 * type alone (U+3131 …) into parts of syllables.
 */
export function normalize(text: string): string {
  return text
    .normalize('NFC')
    .replaceAll(WIDE, (char) => String.fromCharCode(char.charCodeAt(0) - WIDE_TO_NARROW));
}

/** Of a text that is normalized already. `C++` and `c#` are words, `don't` and `node.js` are two each. */
export function splitWords(normalized: string): TextWord[] {
  return Array.from(normalized.matchAll(WORD), (found) => ({
    text: found[0].toLowerCase(),
    start: found.index,
    end: found.index + found[0].length,
  }));
}

/** What one script writes within a word: `갤럭시s24` is 갤럭시 and s24. */
export interface Run {
  readonly script: 'hangul' | 'jamo' | 'han' | 'latin';
  readonly text: string;
}

const RUN =
  /([가-힣]+)|([ㄱ-ㆎ]+)|([\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]+)|((?:(?![가-힣ㄱ-ㆎ\p{sc=Han}\p{sc=Hira}\p{sc=Kana}ー]).)+)/gu;

/** `latin` stands for every script with spaces between words, and for digits. */
export function splitRuns(word: string): Run[] {
  return Array.from(word.matchAll(RUN), ([text, hangul, jamo, han]) => ({
    text,
    script: hangul ? 'hangul' : jamo ? 'jamo' : han ? 'han' : 'latin',
  }));
}

/** Each two neighbours; one alone is itself. */
export function toBigrams(run: string): string[] {
  const chars = Array.from(run);
  if (chars.length < 2) return chars;
  return chars.slice(1).map((char, at) => chars[at]! + char);
}

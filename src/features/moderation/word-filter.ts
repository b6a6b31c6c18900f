import { assemble } from 'es-hangul';

export type WordRule = 'refuse' | 'hold' | 'allow';

export interface FilteredWord {
  readonly word: string;
  readonly rule: WordRule;
}

export interface FoundWord {
  readonly word: string;
  readonly rule: 'refuse' | 'hold';
}

export interface WordFilter {
  /** The worst word of a text, however it was spaced, stretched or taken apart; undefined where there is none. */
  readonly find: (text: string) => FoundWord | undefined;
}

const JAMO = /[ㄱ-ㅎㅏ-ㅣ]/;
const HANGUL = /[가-힣ㄱ-ㅎㅏ-ㅣ]/;
const LATIN = /[a-z]/;
/** Digits and signs that stand for a letter they look like, between Latin letters. */
const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};
const FIRST = 0xac00;
const FINALS = 28;
const VOWELS = 21;
/** The initial consonant that is silent: a syllable of it and a vowel. */
const SILENT = 11;
/** Longer than any word that is spelled with spaces between its letters. */
const MOST_SPLIT = 12;

/** What a word is compared by: compatibility forms composed, lower case, jamo put together, all but letters left out. */
export function toNormalForm(word: string): string {
  const text = toPlain(word);
  return HANGUL.test(text) ? toSyllables(text) : toLetters(text);
}

/**
 * Words inside a Korean token count wherever they stand, since Korean joins words; an allowed word takes its own out again
 * (시발점 for 시발). Latin words count as whole tokens only. Over spaces a word counts only where it is made of whole tokens: `시 발`
 * is found, `다시 발표` is not.
 */
export function createWordFilter(words: readonly FilteredWord[]): WordFilter {
  const allowed = words.filter((one) => one.rule === 'allow').map((one) => toNormalForm(one.word));
  const blocked = words
    .filter((one): one is FilteredWord & FoundWord => one.rule !== 'allow')
    .map((one) => ({ ...one, form: toNormalForm(one.word) }))
    .filter((one) => one.form !== '')
    .sort((a, b) => (a.rule === b.rule ? 0 : a.rule === 'refuse' ? -1 : 1));
  const longest = Math.max(0, ...blocked.map((one) => one.form.length));

  function holds(token: string, form: string): boolean {
    if (!HANGUL.test(form)) return token === form;
    let rest = token;
    for (const word of allowed) if (word.includes(form)) rest = rest.replaceAll(word, ' ');
    return rest.includes(form);
  }

  return {
    find: (text) => {
      if (blocked.length === 0) return undefined;
      const tokens = toPlain(text)
        .split(/\s+/)
        .filter((token) => token !== '');
      const forms = new Set(tokens.flatMap(toForms));
      for (const form of joinSplit(tokens, longest)) forms.add(` ${form}`);
      for (const { word, rule, form } of blocked)
        for (const one of forms) {
          // A joined one begins with a space: all of it must be the word.
          const isJoined = one.startsWith(' ');
          if (isJoined ? one.slice(1) === form : holds(one, form)) return { word, rule };
        }
      return undefined;
    },
  };
}

/** A token as it is, with stretched sounds shortened, and as letters that its signs look like. */
function toForms(token: string): string[] {
  if (HANGUL.test(token)) {
    const syllables = toSyllables(token);
    return [syllables, shorten(syllables)];
  }
  const letters = toLetters(token);
  return LATIN.test(letters)
    ? [letters, letters.replaceAll(/(.)\1{2,}/g, '$1'), letters.replaceAll(/(.)\1{2,}/g, '$1$1')]
    : [];
}

/** One form of each letter. NFKC makes conjoining jamo of single ones, which nobody types: they are turned back. */
function toPlain(text: string): string {
  return [...text.normalize('NFKC').toLowerCase()].map(toCompatibleJamo).join('');
}

function toCompatibleJamo(letter: string): string {
  const code = letter.codePointAt(0)!;
  if (code >= 0x1100 && code <= 0x1112) return 'ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ'[code - 0x1100]!;
  if (code >= 0x1161 && code <= 0x1175) return 'ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ'[code - 0x1161]!;
  return letter;
}

/** Jamo that were typed one by one become syllables; what is not Hangul is left out. */
function toSyllables(plain: string): string {
  const kept = [...plain].filter((one) => HANGUL.test(one));
  return kept.some((one) => JAMO.test(one)) ? assemble(kept) : kept.join('');
}

function toLetters(plain: string): string {
  // At the end of a word a mark is no letter.
  return [...plain.replace(/[!?.,]+$/, '')]
    .map((one) => LOOKALIKES[one] ?? one)
    .filter((one) => LATIN.test(one))
    .join('');
}

/** `시이이발` → `시발`: a syllable that only draws the vowel before it out is left out. */
function shorten(syllables: string): string {
  let kept = '';
  for (const one of syllables) {
    const before = kept.charCodeAt(kept.length - 1) - FIRST;
    const now = one.charCodeAt(0) - FIRST;
    const isOpen = before >= 0 && before % FINALS === 0;
    const drawsOut =
      isOpen &&
      Math.floor(now / FINALS / VOWELS) === SILENT &&
      now % FINALS === 0 &&
      Math.floor(now / FINALS) % VOWELS === Math.floor(before / FINALS) % VOWELS;
    if (!drawsOut) kept += one;
  }
  return kept;
}

/** What runs of short tokens give when they are read together: `시 발`, `ㅅ ㅣ ㅂ ㅏ ㄹ`, `f u c k`. */
function* joinSplit(tokens: readonly string[], longest: number): Generator<string> {
  for (let from = 0; from < tokens.length; from += 1) {
    let joined = '';
    for (let at = from; at < Math.min(tokens.length, from + MOST_SPLIT); at += 1) {
      joined += tokens[at];
      if (at === from) continue;
      const form = toNormalForm(joined);
      if (form.length > longest) break;
      yield form;
    }
  }
}

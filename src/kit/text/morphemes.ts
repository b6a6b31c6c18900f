import type { Garu, Token } from 'garu-ko';
import type { TextWord } from './words.ts';

/** The analyzer's time is quadratic in what it is given: 100 characters take 0.6 ms, 8,000 take seconds. */
const MOST_CHARS = 100;
const LONGEST_WORD = 40;

/**
 * What carries no meaning by itself: particles, endings, suffixes, the copula, punctuation. Everything else is kept, for a
 * word that is a stop word in one question is what another asks for; how common it is decides how much it weighs.
 */
const FUNCTIONAL = /^(J|E|XS|XPN|VCP|S[FPSEOW])/;

/** Dictionary forms in a word of Hangul: 학교에서는 → 학교; 먹었어요 → 먹; 추워 → 춥. */
export type FindMorphemes = (words: readonly TextWord[]) => Morpheme[][];

export interface Morpheme {
  readonly text: string;
  readonly noun: boolean;
}

/** Loads the model: 0.1 s and 50 MB, so never in a process that may stay without it. */
export async function loadMorphemes(): Promise<FindMorphemes> {
  const { Garu: loader } = await import('garu-ko');
  const garu = await loader.load();
  return (words) => findAll(garu, words);
}

/** Words of one sentence are analyzed together, since their neighbours decide what some of them are. */
function findAll(garu: Garu, words: readonly TextWord[]): Morpheme[][] {
  const found: Morpheme[][] = [];
  for (let from = 0; from < words.length; ) {
    let to = from;
    let sentence = '';
    do {
      sentence += `${sentence === '' ? '' : ' '}${cut(words[to]!.text)}`;
      to += 1;
    } while (to < words.length && sentence.length + words[to]!.text.length < MOST_CHARS && isNext(words, to));
    found.push(...analyze(garu, sentence, words.slice(from, to)));
    from = to;
  }
  return found;
}

function analyze(garu: Garu, sentence: string, words: readonly TextWord[]): Morpheme[][] {
  const result = garu.analyze(sentence);
  const tokens = Array.isArray(result) ? [] : result.tokens;
  const byStart = Map.groupBy(tokens, ({ start }) => start);
  let at = 0;
  return words.map(({ text }) => {
    const own = byStart.get(at) ?? [];
    at += cut(text).length + 1;
    return own.flatMap(toMorpheme);
  });
}

function toMorpheme({ text, pos }: Token): Morpheme[] {
  if (FUNCTIONAL.test(pos) || !/^[가-힣]+$/.test(text)) return [];
  return [{ text, noun: pos.startsWith('N') }];
}

const cut = (word: string) => spell(word.slice(0, LONGEST_WORD));

/** Endings as they are often typed (못햇어, 알겟다, 됬네), as the analyzer knows them; not 타겟을. Each syllable stays one. */
function spell(word: string): string {
  return word
    .replaceAll('됬', '됐')
    .replaceAll(/(?<=[가-힣])[햇겟](?=[다어는네지던니나냐죠])/g, (one) => (one === '햇' ? '했' : '겠'));
}

/** Whether nothing but a few characters stands between this word and the one before it; a gap is the end of a sentence. */
function isNext(words: readonly TextWord[], at: number): boolean {
  return words[at]!.start - words[at - 1]!.end < 2;
}

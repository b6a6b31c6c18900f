import type { WordTerms } from '../../kit/text/word-terms.ts';
import { systemTimers } from '../../kit/wait.ts';

/** PostgreSQL keeps no higher position of a word than this, and no more of them for one term. */
const LAST_POSITION = 16_383;
const MOST_POSITIONS = 255;

/** Positions number the words, those of the body behind the title's; the gap keeps a phrase from reaching over it. */
export function bodyOffset(titleWords: number): number {
  return titleWords + 1;
}

/** Words that are put in before others get their turn: a few milliseconds. */
const WORDS_A_TURN = 1_000;

/** A tsvector as text: `'학교':1A,7 '_학교':1A,7 '^ㅎㄱ':1A,7 '=학교에서':1A,7`. Words of the title have weight A. */
export async function toTsvector(title: readonly WordTerms[], body: readonly WordTerms[]): Promise<string> {
  const positions = new Map<string, string[]>();
  const addWord = (word: WordTerms, position: string) => {
    for (const term of toTerms(word)) addPosition(positions, term, position);
  };
  for (const [at, word] of title.entries()) addWord(word, `${Math.min(at + 1, LAST_POSITION)}A`);
  const offset = bodyOffset(title.length) + 1;
  for (const [at, word] of body.entries()) {
    addWord(word, String(Math.min(at + offset, LAST_POSITION)));
    if (at % WORDS_A_TURN === WORDS_A_TURN - 1) await systemTimers.turn();
  }
  return Array.from(positions, ([term, at]) => `${quote(term)}:${at.join(',')}`).join(' ');
}

function addPosition(positions: Map<string, string[]>, term: string, position: string): void {
  const known = positions.get(term);
  if (!known) positions.set(term, [position]);
  else if (known.length < MOST_POSITIONS && known.at(-1) !== position) known.push(position);
}

/** All by which a word is found. The marks are no part of any word, so the kinds never meet. */
function toTerms({ text, stems, bigrams, initials }: WordTerms): string[] {
  return [
    ...stems,
    ...bigrams.map((pair) => `_${pair}`),
    ...initials.map((one) => `^${one}`),
    asWritten(text),
  ];
}

const LONGEST_AS_WRITTEN = 40;

export function asWritten(word: string): string {
  return `=${word.slice(0, LONGEST_AS_WRITTEN)}`;
}

/** For tsvector and tsquery alike. */
export function quote(term: string): string {
  return `'${term.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
}

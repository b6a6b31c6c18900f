import type { Db } from '../../db/pool.ts';
import type { Analyzer } from '../../kit/text/analyzer.ts';
import { isInitials } from '../../kit/text/hangul.ts';
import { readOtherKeyboard } from '../../kit/text/keyboard.ts';
import { parseQuestion, type Question } from '../../kit/text/question.ts';
import type { WordTerms } from '../../kit/text/word-terms.ts';
import { LONGEST_QUESTION, MOST_RANKED, type Search, type SearchAnswer } from '../../ports/search-index.ts';
import { showHit } from './search-highlights.ts';
import { planSearch, type Ranking, type Statistics, type WantedWord } from './search-plan.ts';
import { rankDocuments } from './search-rank.ts';
import { asWritten, quote } from './search-terms.ts';
import { findMeant, type LiveGeneration, readStatistics } from './search-words.ts';

interface AnswerDeps {
  readonly db: Db;
  readonly analyzer: Analyzer;
  readonly ranking: Ranking;
}

/** Questions are read no further than this. */
const MOST_WORDS = 12;
/** What a guess weighs beside what was typed. */
const GUESS_SHARE = 0.7;

const NOTHING: SearchAnswer = { hits: [], total: 0, interpretedAs: undefined, didYouMean: undefined };

/** A word of the question as it may have been meant. */
interface AskedWord {
  readonly word: WordTerms;
  /** By the other keyboard. */
  readonly other: { readonly text: string; readonly words: readonly WordTerms[] } | undefined;
}

export async function answerSearch(deps: AnswerDeps, search: Search): Promise<SearchAnswer> {
  const { db, analyzer, ranking } = deps;
  const question = parseQuestion(
    search.text.slice(0, LONGEST_QUESTION).toWellFormed().replaceAll('\u0000', ' '),
  );
  const asked = await readWords(question, analyzer);
  if (asked.length === 0) return NOTHING;
  const live = await readStatistics(db, listTerms(asked));
  const words = asked.map((one) => chooseReading(one, live.statistics));
  const meant = await guessMistyped(db, live, words);
  const wanted: WantedWord[] = [
    ...words.flatMap((one) =>
      one.words.map((word) => ({ word, share: 1, replaced: isReplaced(word, meant) })),
    ),
    ...(await readGuesses(meant, analyzer)).map((word) => ({ word, share: GUESS_SHARE })),
  ];
  const statistics =
    meant.size > 0 ? (await readStatistics(db, listTerms(wanted))).statistics : live.statistics;
  const plan = planSearch(wanted, statistics, ranking);
  if (!plan) return NOTHING;
  const unwanted = await Promise.all(
    question.unwanted.map((text) => analyzer.analyze(text, { urgent: true })),
  );
  const { total, rows } = await rankDocuments(
    db,
    live.id,
    plan,
    toRestriction(question, unwanted),
    search,
    ranking,
  );
  return {
    hits: rows.map((row) => showHit(row, plan)),
    total: Math.min(total, MOST_RANKED),
    interpretedAs: words.some((one) => one.interpreted) ? words.map((one) => one.text).join(' ') : undefined,
    didYouMean: meant.size > 0 ? words.map((one) => replaceMeant(one.text, meant)).join(' ') : undefined,
  };
}

async function readWords(question: Question, analyzer: Analyzer): Promise<AskedWord[]> {
  const words = (await analyzer.analyze(question.wanted, { urgent: true })).slice(0, MOST_WORDS);
  return Promise.all(
    words.map(async (word) => {
      const text = readOtherKeyboard(question.wanted.slice(word.start, word.end));
      if (text === undefined) return { word, other: undefined };
      return { word, other: { text, words: await analyzer.analyze(text, { urgent: true }) } };
    }),
  );
}

interface ReadWord {
  readonly text: string;
  readonly words: readonly WordTerms[];
  readonly interpreted: boolean;
}

/** The other keyboard only where the word as it was typed is nowhere, and as it is read then is somewhere. */
function chooseReading({ word, other }: AskedWord, { of }: Statistics): ReadWord {
  const asTyped = { text: word.text, words: [word], interpreted: false };
  if (!other || isSeen(word, of)) return asTyped;
  return other.words.every((one) => isSeen(one, of)) ? { ...other, interpreted: true } : asTyped;
}

function isSeen({ text, stems }: WordTerms, of: Statistics['of']): boolean {
  const isStemSeen = (stem: string) => of(stem) > 0 || (stem.length === 2 && of(`_${stem}`) > 0);
  return of(asWritten(text)) > 0 || (stems.length > 0 && stems.every(isStemSeen));
}

/** What each part of a word that nobody has written is a mistyping of. */
async function guessMistyped(
  db: Db,
  { id, statistics: { of } }: LiveGeneration,
  words: readonly ReadWord[],
): Promise<ReadonlyMap<string, string>> {
  const meant = new Map<string, string>();
  for (const { words: read } of words)
    for (const word of read) {
      if (isInitials(word.text) || isSeen(word, of)) continue;
      const unknown = word.stems.filter(
        (stem) => of(stem) === 0 && stem.length > 1 && word.text.includes(stem),
      );
      for (const part of new Set([word.text, ...unknown])) {
        const found = await findMeant(db, id, part);
        if (!found) continue;
        meant.set(part, found.word);
        break;
      }
    }
  return meant;
}

function isReplaced({ text, stems }: WordTerms, meant: ReadonlyMap<string, string>): boolean {
  return meant.has(text) || stems.some((stem) => meant.has(stem));
}

async function readGuesses(meant: ReadonlyMap<string, string>, analyzer: Analyzer): Promise<WordTerms[]> {
  const read = [...meant.values()].map((text) => analyzer.analyze(text, { urgent: true }));
  return (await Promise.all(read)).flat();
}

function replaceMeant(text: string, meant: ReadonlyMap<string, string>): string {
  let replaced = text;
  for (const [part, word] of meant) replaced = replaced.replace(part, word);
  return replaced;
}

function listTerms(words: readonly (AskedWord | WantedWord)[]): string[] {
  const all = words.flatMap((one) => ('other' in one ? [one.word, ...(one.other?.words ?? [])] : [one.word]));
  return [
    ...new Set(
      all.flatMap(({ text, stems, bigrams }) => [
        asWritten(text),
        ...stems,
        ...bigrams.map((pair) => `_${pair}`),
        ...stems.map((stem) => `_${stem}`),
      ]),
    ),
  ];
}

/** Phrases word for word, the last one perhaps with a particle behind it; and nothing of what is not wanted. */
function toRestriction(question: Question, unwanted: readonly (readonly WordTerms[])[]): string | undefined {
  const phrases = question.phrases.map((phrase) => {
    const words = phrase.split(' ').map((word) => quote(asWritten(word)));
    return `(${words.map((word, at) => (at === words.length - 1 ? `${word}:*` : word)).join(' <-> ')})`;
  });
  const absent = unwanted.flatMap((words) => {
    const terms = words.flatMap(({ text, stems }) => (stems.length > 0 ? stems : [asWritten(text)]));
    return terms.length === 0 ? [] : [`!(${terms.map(quote).join(' & ')})`];
  });
  const all = [...phrases, ...absent];
  return all.length === 0 ? undefined : all.join(' & ');
}

import { isHangul, isInitials } from '../../kit/text/hangul.ts';
import type { WordTerms } from '../../kit/text/word-terms.ts';
import { toBigrams } from '../../kit/text/words.ts';
import { asWritten, quote } from './search-terms.ts';

/** How documents are weighed. Found by trying on the tuning half of the judged questions: docs/search.md. */
export interface Ranking {
  /** What a word of the text counts, one of the title being 1. */
  readonly body: number;
  /** Of a stem's weight: two syllables that stand where the stem was not recognized. */
  readonly pair: number;
  /** Of a word's weight: pairs of its syllables that no stem covers. */
  readonly pairs: number;
  /** The word exactly as it was typed. */
  readonly asWritten: number;
  /** Words that begin with a stem of one syllable. */
  readonly beginning: number;
  /** How much long documents lose: score / (1 + length · log of words). */
  readonly length: number;
  /** What is left of the score of a document that has almost nothing of what was asked; 1: it does not matter. */
  readonly uncovered: number;
  /** Least share of the question's weight that a document must have, be it once in its text. */
  readonly least: number;
}

export const RANKING: Ranking = {
  body: 0.4,
  pair: 0.5,
  pairs: 0.2,
  asWritten: 0.08,
  beginning: 0.1,
  length: 0.15,
  uncovered: 0.2,
  least: 0.15,
};

/**
 * So many documents are weighed for one search, the newest where a word is in more: weighing is what a search takes long for.
 * Measured by `npm run bench -- --only search`.
 */
export const MOST_WEIGHED = 1_000;
const MOST_SCORES = 16;
/** A stem that fewer documents have is looked for at the beginning of words, too. */
const FEW = 20;
/** What ts_rank gives for one place of weight 1: 1 / (π² / 6). */
const ONCE = 0.607;

export interface Statistics {
  /** In how many documents the term is; 0 where nobody has seen it. */
  readonly of: (term: string) => number;
  /** All there are. */
  readonly documents: number;
}

/** A part of the score: `weight` × ts_rank of the tsquery. */
export interface Score {
  readonly query: string;
  readonly weight: number;
  /** Which of the things that were asked for it is about; undefined: only a bonus. */
  readonly unit: string | undefined;
}

export interface SearchPlan {
  /** Only documents that match one of these are weighed, of each the newest. */
  readonly candidates: readonly string[];
  readonly scores: readonly Score[];
  /** What share each unit is of all that was asked for and is anywhere. */
  readonly shares: ReadonlyMap<string, number>;
  /** Least score that is an answer, before the length counts. */
  readonly least: number;
  /** Whose places are shown. */
  readonly shownTerms: readonly string[];
  readonly shownPrefixes: readonly string[];
}

/** A word of the question, or what stands in for it at a part of its weight. */
export interface WantedWord {
  readonly word: WordTerms;
  readonly share: number;
  /** Another word stands in for it: its syllables need not be looked for. */
  readonly replaced?: boolean;
}

interface Part extends Score {
  /** As a condition, where that is another one than `query`: neighbours at one place have no rank as an AND. */
  readonly condition?: string;
  readonly documents: number;
  /** Whether having it makes a document an answer, or only a better one. */
  readonly finds: boolean;
  readonly terms?: readonly string[];
  readonly prefixes?: readonly string[];
}

/** undefined where there is nothing to look for. */
export function planSearch(
  wanted: readonly WantedWord[],
  statistics: Statistics,
  ranking: Ranking,
): SearchPlan | undefined {
  const parts = wanted
    .flatMap(({ word, share, replaced }) =>
      toParts(replaced ? toKnown(word, statistics) : word, statistics, ranking).map((part) => ({
        ...part,
        weight: part.weight * share,
      })),
    )
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight)
    .slice(0, MOST_SCORES);
  const finding = chooseFinding(parts.filter(({ finds }) => finds));
  if (finding.length === 0) return undefined;
  // What no document had when words were counted must not keep the others from being an answer.
  const seen = parts.filter(({ finds, documents }) => finds && documents > 0);
  return {
    candidates: toCandidates(finding, parts),
    scores: parts.map(({ query, weight, unit }) => ({ query, weight, unit })),
    shares: toShares(seen),
    least: sumWeights(seen.length > 0 ? seen : finding) * ranking.least * ranking.body * ONCE,
    shownTerms: [...new Set(parts.flatMap(({ terms }) => terms ?? []))],
    shownPrefixes: [...new Set(parts.flatMap(({ prefixes }) => prefixes ?? []))],
  };
}

function toKnown(word: WordTerms, { of }: Statistics): WordTerms {
  return { ...word, bigrams: [], stems: word.stems.filter((stem) => of(stem) > 0) };
}

/**
 * The rarest first, for as long as not too many documents have them. A document that has only the others cannot be among the
 * best (the essential lists of MaxScore, Turtle and Flood 1995), and need not be read.
 */
function chooseFinding(parts: readonly Part[]): Part[] {
  const chosen: Part[] = [];
  let documents = 0;
  for (const part of parts.toSorted((a, b) => a.documents - b.documents)) {
    documents += part.documents;
    if (documents > MOST_WEIGHED && chosen.some((one) => one.documents > 0)) break;
    chosen.push(part);
  }
  return chosen;
}

/** Where even the rarest word is in too many, those that have a second one too are looked for apart, however old they are. */
function toCandidates(finding: readonly Part[], parts: readonly Part[]): string[] {
  const toCondition = ({ query, condition }: Part) => `(${condition ?? query})`;
  const any = finding.map(toCondition).join(' | ');
  const rarest = finding.at(-1)!;
  if (rarest.documents <= MOST_WEIGHED) return [any];
  const [second] = parts
    .filter(({ finds, unit, documents }) => finds && unit !== rarest.unit && documents > 0)
    .toSorted((a, b) => a.documents - b.documents);
  return second ? [`${toCondition(rarest)} & ${toCondition(second)}`, any] : [any];
}

function toParts(word: WordTerms, statistics: Statistics, ranking: Ranking): Part[] {
  if (isInitials(word.text)) return toInitialParts(word, statistics);
  const parts = word.stems.flatMap((stem) => toStemParts(stem, statistics, ranking));
  const known = word.stems.some((stem) => statistics.of(stem) > 0);
  const covered = new Set(word.stems.flatMap(toBigrams));
  // Where the analyzer gave a word that no document has, its syllables are all there is to go by.
  const pairs = word.bigrams.filter((pair) => pair.length > 1 && (!known || !covered.has(pair)));
  if (pairs.length > 0) parts.push(...toPairParts(pairs, !known, statistics, ranking));
  const written = asWritten(word.text);
  const seen = statistics.of(written);
  const alone = word.stems.length === 0;
  const stems = sumWeights(parts.filter(({ finds }) => finds));
  parts.push({
    query: quote(written),
    // No more than its stems: how a word is inflected tells less than which word it is.
    weight: alone ? rarity(seen, statistics.documents) : ranking.asWritten * stems,
    documents: seen,
    finds: alone,
    unit: alone ? written : undefined,
    terms: [written],
  });
  return parts;
}

function toStemParts(stem: string, statistics: Statistics, ranking: Ranking): Part[] {
  const { documents } = statistics;
  const pairs = isHangul(stem) && stem.length > 1 ? toBigrams(stem).map((pair) => `_${pair}`) : [];
  const seen = Math.max(statistics.of(stem), pairs.length === 1 ? statistics.of(pairs[0]!) : 0);
  const weight = rarity(seen, documents);
  const parts: Part[] = [
    {
      query: quote(stem),
      weight: weight * (pairs.length > 0 ? 1 - ranking.pair : 1),
      documents: seen,
      finds: true,
      unit: stem,
      terms: [stem],
    },
  ];
  if (pairs.length > 0)
    parts.push({
      query: pairs.map(quote).join(' | '),
      condition: pairs.map(quote).join(' & '),
      weight: weight * ranking.pair,
      documents: pairs.length === 1 ? seen : Math.min(...pairs.map(statistics.of)),
      finds: true,
      unit: stem,
      terms: pairs,
    });
  else if (isHangul(stem) && statistics.of(stem) < FEW)
    parts.push({
      query: `${quote(`=${stem}`)}:*`,
      weight: weight * ranking.beginning,
      documents: statistics.of(`_${stem}`),
      finds: statistics.of(stem) === 0,
      unit: stem,
      prefixes: [`=${stem}`],
    });
  return parts;
}

function toPairParts(
  pairs: readonly string[],
  finds: boolean,
  statistics: Statistics,
  ranking: Ranking,
): Part[] {
  const all = pairs.map((pair) => {
    const term = `_${pair}`;
    const documents = statistics.of(term);
    const weight = rarity(documents, statistics.documents) / pairs.length;
    return { query: quote(term), weight, documents, finds, unit: term, terms: [term] };
  });
  if (finds) return all;
  return [
    {
      query: all.map(({ query }) => query).join(' | '),
      weight: ranking.pairs * sumWeights(all),
      documents: 0,
      finds: false,
      unit: undefined,
      terms: all.flatMap(({ terms }) => terms),
    },
  ];
}

/** ㅎㄱ: whole words first (한국, 학교), then words that begin so. */
function toInitialParts({ text }: WordTerms, statistics: Statistics): Part[] {
  const term = `^${text}`;
  const documents = statistics.documents / 20;
  return [
    { query: quote(term), weight: 2, documents, finds: false, unit: text, terms: [term] },
    { query: `${quote(term)}:*`, weight: 1, documents, finds: true, unit: text, prefixes: [term] },
    { query: quote(text), weight: 3, documents: statistics.of(text), finds: true, unit: text, terms: [text] },
  ];
}

/** How much a term tells that so many of all documents have: Robertson and Spärck Jones, as in BM25. */
function rarity(having: number, documents: number): number {
  return Math.log(1 + (Math.max(documents, having) - having + 0.5) / (having + 0.5));
}

function toShares(parts: readonly Part[]): ReadonlyMap<string, number> {
  const all = sumWeights(parts);
  const shares = new Map<string, number>();
  for (const { unit, weight } of parts)
    if (unit !== undefined) shares.set(unit, (shares.get(unit) ?? 0) + weight / all);
  return shares;
}

function sumWeights(scores: readonly Score[]): number {
  return scores.reduce((sum, { weight }) => sum + weight, 0);
}

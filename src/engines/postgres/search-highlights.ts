import { toInitials } from '../../kit/text/hangul.ts';
import { markSnippet, markSpans, type Span } from '../../kit/text/highlight.ts';
import { splitWords, type TextWord } from '../../kit/text/words.ts';
import type { SearchHit } from '../../ports/search-index.ts';
import type { SearchPlan } from './search-plan.ts';
import type { RankedRow } from './search-rank.ts';
import { bodyOffset } from './search-terms.ts';

/** Title and text with the words marked by which the document was found. */
export function showHit(row: RankedRow, plan: SearchPlan): SearchHit {
  const title = splitWords(row.title);
  const body = splitWords(row.body);
  const offset = bodyOffset(title.length);
  const inTitle: Span[] = [];
  const inBody: Span[] = [];
  for (const [term, positions] of row.places ?? [])
    for (const position of positions) {
      const at = position - 1;
      const word = at < title.length ? title[at] : body[at - offset];
      if (word) (at < title.length ? inTitle : inBody).push(findPart(word, term, plan.shownPrefixes));
    }
  return {
    postId: row.post_id,
    boardId: row.board_id,
    score: row.score,
    title: markSpans(row.title, inTitle),
    snippet: markSnippet(row.body, inBody),
  };
}

/** The part of the word that is the term, where it is there as such: 춥 is not in 추워, so the whole word is shown. */
function findPart(word: TextWord, term: string, prefixes: readonly string[]): Span {
  const whole = { start: word.start, end: word.end };
  // Lower case may be longer than what it is made of.
  if (word.text.length !== word.end - word.start) return whole;
  const prefix = prefixes.find((one) => term.startsWith(one));
  const kind = /^[_^=]/.test(term) ? term[0] : '';
  const text = (prefix ?? term).slice(kind === '' ? 0 : 1);
  const at = kind === '^' ? findInitials(word.text, text) : word.text.indexOf(text);
  return at < 0 ? whole : { start: word.start + at, end: word.start + at + text.length };
}

/** Where syllables begin whose initial consonants these are; -1 where none do. */
function findInitials(word: string, initials: string): number {
  for (let at = 0; at + initials.length <= word.length; at += 1)
    if (toInitials(word.slice(at, at + initials.length)) === initials) return at;
  return -1;
}

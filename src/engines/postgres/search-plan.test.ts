import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { WordTerms } from '../../kit/text/word-terms.ts';
import { toBigrams } from '../../kit/text/words.ts';
import { MOST_WEIGHED, planSearch, RANKING, type Statistics } from './search-plan.ts';

describe('the plan of a search', () => {
  const buildWord = (text: string, stems: readonly string[] = [text]): WordTerms => ({
    text,
    start: 0,
    end: text.length,
    stems,
    bigrams: toBigrams(text),
    initials: [],
  });
  const statistics = (seen: Record<string, number>, documents = 100_000): Statistics => ({
    documents,
    of: (term) => seen[term] ?? 0,
  });
  const plan = (words: readonly WordTerms[], seen: Record<string, number>) =>
    planSearch(
      words.map((word) => ({ word, share: 1 })),
      statistics(seen),
      RANKING,
    );

  test('reads documents of the rarer words only, where the others are in too many', () => {
    const { candidates, scores } = plan([buildWord('사랑'), buildWord('고백')], {
      사랑: 20_000,
      _사랑: 20_000,
      고백: 300,
      _고백: 300,
    })!;
    assert.deepEqual(candidates, ["('고백') | ('_고백')"]);
    assert.ok(scores.some(({ query }) => query === "'사랑'"));
  });

  test('where each word is in too many, those that have two of them are looked for apart', () => {
    const seen = {
      사랑: MOST_WEIGHED * 9,
      _사랑: MOST_WEIGHED * 9,
      이별: MOST_WEIGHED * 5,
      _이별: MOST_WEIGHED * 5,
    };
    const { candidates } = plan([buildWord('사랑'), buildWord('이별')], seen)!;
    assert.equal(candidates.length, 2);
    assert.match(candidates[0]!, /이별.* & .*사랑/);
  });

  test('a rare word weighs more than a common one', () => {
    const { scores } = plan([buildWord('나'), buildWord('학교')], { 나: 30_000, 학교: 400, _학교: 400 })!;
    const weightOf = (query: string) => scores.find((score) => score.query === query)!.weight;
    assert.ok(weightOf("'학교'") > 2 * weightOf("'나'"));
  });

  test('a word that is nowhere keeps no other from being found, and its pairs of syllables are tried', () => {
    const { candidates, shares } = plan([buildWord('맛집추천좀'), buildWord('서울')], {
      _맛집: 30,
      _추천: 60,
      서울: 50,
      _서울: 50,
    })!;
    for (const term of ["'_맛집'", "'_추천'", "'서울'"]) assert.ok(candidates.join().includes(term));
    assert.deepEqual([...shares.keys()].toSorted(), ['_맛집', '_추천', '서울']);
    assert.ok(Math.abs([...shares.values()].reduce((sum, one) => sum + one, 0) - 1) < 1e-9);
  });

  test('initial consonants are looked for as whole words and as beginnings', () => {
    const { candidates, scores } = plan([buildWord('ㅎㄱ', [])], {})!;
    assert.equal(candidates[0], "('ㅎㄱ') | ('^ㅎㄱ':*)");
    assert.ok(scores.some(({ query, weight }) => query === "'^ㅎㄱ'" && weight > 1));
  });

  test('has a bounded number of scores, however many words are asked, and is none where nothing is', () => {
    const words = Array.from({ length: 40 }, (_, at) => buildWord(`단어${String.fromCharCode(0xac00 + at)}`));
    assert.ok(plan(words, {})!.scores.length <= 16);
    assert.equal(plan([], {}), undefined);
  });
});

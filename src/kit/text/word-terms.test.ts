import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { type FindMorphemes, loadMorphemes } from './morphemes.ts';
import { toWordTerms } from './word-terms.ts';

describe('terms of a word', () => {
  let findMorphemes: FindMorphemes;
  before(async () => {
    findMorphemes = await loadMorphemes();
  });
  const stemsOf = (text: string) => toWordTerms(text, findMorphemes).map((word) => word.stems.join(' '));

  test('are dictionary forms without particles and endings', () => {
    assert.deepEqual(stemsOf('학교에서 밥을 먹었어요 추워서'), ['학교', '밥', '먹', '춥']);
    assert.deepEqual(stemsOf('경극학교'), ['경극 학교']);
  });

  test('leave brands whole, and part what two scripts write in one word', () => {
    assert.deepEqual(stemsOf('스타벅스 아이폰15 갤럭시S24 LG전자'), [
      '스타벅스',
      '아이폰 15',
      '갤럭시 s24',
      '전자 lg',
    ]);
  });

  test('are stems of English, numbers as they are, and a laugh of any length', () => {
    assert.deepEqual(stemsOf('running generously iphone15 2026 ㅋㅋㅋㅋㅋ'), [
      'run',
      'generous',
      'iphon iphon 15'.replace('iphon ', 'iphone15 '),
      '2026',
      'ㅋㅋ',
    ]);
  });

  test('know endings as they are often typed', () => {
    assert.deepEqual(stemsOf('고백햇는데'), stemsOf('고백했는데'));
    assert.deepEqual(stemsOf('됬어'), stemsOf('됐어'));
  });

  test('have pairs of syllables and initial consonants beside', () => {
    const [word] = toWordTerms('맛집추천좀', findMorphemes);
    assert.deepEqual(word!.bigrams, ['맛집', '집추', '추천', '천좀']);
    const [school] = toWordTerms('경극학교에서', findMorphemes);
    assert.deepEqual(school!.initials.toSorted(), ['ㄱㄱ', 'ㄱㄱㅎㄱㅇㅅ', 'ㅎㄱ']);
  });

  test('take time in proportion to the text, be it one word', () => {
    for (const text of ['가'.repeat(20_000), '먹었다 '.repeat(5_000)])
      assert.ok(toWordTerms(text, findMorphemes).length > 0);
  });
});

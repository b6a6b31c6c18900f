import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { normalize, splitRuns, splitWords, toBigrams } from './words.ts';

describe('words', () => {
  const wordsOf = (text: string) => splitWords(normalize(text)).map((word) => word.text);

  test('end at spaces and punctuation, and are compared in lower case', () => {
    assert.deepEqual(wordsOf('아이폰15, 어때?  Node.js (C++/c#) don’t_x'), [
      '아이폰15',
      '어때',
      'node',
      'js',
      'c++',
      'c#',
      'don',
      't',
      'x',
    ]);
    assert.deepEqual(wordsOf(' \n!? '), []);
  });

  test('are the same decomposed and in full width; consonants that stand alone stay what they are', () => {
    assert.deepEqual(wordsOf('학교'.normalize('NFD')), ['학교']);
    assert.deepEqual(wordsOf('Ｓ２４'), ['s24']);
    assert.deepEqual(wordsOf('ㅎㄱ ㅋㅋ'), ['ㅎㄱ', 'ㅋㅋ']);
  });

  test('tell where they stand in the text that was split', () => {
    const text = normalize('  가나 "다라마"');
    assert.deepEqual(
      splitWords(text).map(({ start, end }) => text.slice(start, end)),
      ['가나', '다라마'],
    );
  });

  test('are parted into what each script writes', () => {
    assert.deepEqual(
      splitRuns('갤럭시s24中國ㅋㅋ').map(({ script, text }) => `${script} ${text}`),
      ['hangul 갤럭시', 'latin s24', 'han 中國', 'jamo ㅋㅋ'],
    );
    assert.deepEqual(toBigrams('경극학교'), ['경극', '극학', '학교']);
    assert.deepEqual(toBigrams('썸'), ['썸']);
  });
});

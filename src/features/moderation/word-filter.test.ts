import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createWordFilter } from './word-filter.ts';

const filter = createWordFilter([
  { word: '시발', rule: 'refuse' },
  { word: '시발점', rule: 'allow' },
  { word: '병신', rule: 'hold' },
  { word: 'ㅅㅂ', rule: 'hold' },
  { word: 'shit', rule: 'refuse' },
]);
const rule = (text: string) => filter.find(text)?.rule;

describe('the word filter', () => {
  for (const text of [
    '시발',
    '야 시발아',
    '시 발',
    '시.발',
    '시_발',
    '시1발',
    '시ㅂㅏㄹ',
    'ㅅㅣㅂㅏㄹ',
    'ㅅ ㅣ ㅂ ㅏ ㄹ',
    'ㅅㅣ발',
    '시이이발',
    '시\u200b발',
    '시발'.normalize('NFD'),
    'S h i t',
    'sh1t',
    '$hit!',
    'SHIIIIT',
    'ｓｈｉｔ',
  ])
    test(`finds through ${JSON.stringify(text)}`, () => assert.equal(rule(text), 'refuse'));

  for (const text of [
    '다시 발표하겠습니다',
    '역시 발이 넓다',
    '이 사건의 시발점은',
    '시발점',
    '시 발표',
    '도시 발전소',
    '시바람',
    'mishit is a word',
    'push it',
    '',
    '10시 30분',
  ])
    test(`leaves ${JSON.stringify(text)} alone`, () => assert.equal(rule(text), undefined));

  test('names the worst of several words', () => {
    assert.deepEqual(filter.find('병신 같은 시발'), { word: '시발', rule: 'refuse' });
    assert.equal(rule('병 신'), 'hold');
    assert.equal(rule('아 ㅅㅂ 뭐야'), 'hold');
  });

  test('an allowed word takes out itself alone', () => {
    assert.equal(rule('시발점 시발'), 'refuse');
    assert.equal(rule('시발점시발'), 'refuse');
  });

  test('a long text takes time that grows with its length alone', () => {
    const long = '가 나 다 라 마 바 사 '.repeat(5_000);
    assert.equal(rule(long), undefined);
  });
});
